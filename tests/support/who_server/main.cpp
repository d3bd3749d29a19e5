// SPDX-License-Identifier: Apache-2.0
// A server that says who it is. Prints "listening HTTP_PORT ECHO_PORT" when both ports take
// connections, and runs until it is killed.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <thread>

#include "tests/support/who_server/answers.h"
#include "userspace/model/address.h"

namespace sluice::test {
namespace {

constexpr int kBacklog = 4096;

/// On every address of both families.
Result<Fd> listenOn(uint16_t port) {
  Fd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("make a socket");
  const int no = 0;
  const int yes = 1;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) != 0 ||
      setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket.get(), kBacklog) != 0)
    return Error::system("listen on port " + std::to_string(port));
  return socket;
}

Result<uint16_t> portOf(const Fd& socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return Error::system("getsockname");
  auto address = SocketAddress::from(storage);
  if (!address) return std::move(address).error();
  return address->port;
}

/// Answers the requests of one connection, until either side has had enough.
void serveHttp(const Identity& who, Fd socket) {
  const int yes = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  HttpStream stream(std::move(socket));
  while (true) {
    auto head = stream.readHead();
    if (!head || !*head) return;
    if ((*head)->header("expect") == "100-continue" &&
        !stream.write("HTTP/1.1 100 Continue\r\n\r\n").ok())
      return;
    auto body = stream.readBody(**head);
    if (!body || !stream.write(answer(who, **head, *body)).ok()) return;
    if ((*head)->header("connection") == "close") return;
  }
}

/// Sends `greeting` and then what comes, byte for byte; a half-closed peer gets the rest and then
/// the end.
void serveEcho(const std::string& greeting, Fd socket) {
  HttpStream stream(std::move(socket));
  if (!stream.write(greeting).ok()) return;
  std::array<char, 65536> block{};
  while (true) {
    const ssize_t count = recv(stream.fd(), block.data(), block.size(), 0);
    if (count <= 0) return;
    if (!stream.write({block.data(), static_cast<size_t>(count)}).ok()) return;
  }
}

/// One thread per connection: simple, and never what limits a test.
template <typename Serve>
void acceptForever(const Fd& listener, Serve serve) {
  while (true) {
    Fd socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    std::thread(serve, std::move(socket)).detach();
  }
}

Result<void> serve(const Identity& who, const std::string& greeting, uint16_t http_port,
                   uint16_t echo_port) {
  auto http = listenOn(http_port);
  if (!http) return std::move(http).error();
  auto echo = listenOn(echo_port);
  if (!echo) return std::move(echo).error();
  auto bound_http = portOf(*http);
  auto bound_echo = portOf(*echo);
  if (!bound_http) return std::move(bound_http).error();
  if (!bound_echo) return std::move(bound_echo).error();
  std::cout << "listening " << *bound_http << " " << *bound_echo << std::endl;

  std::thread([&] {
    acceptForever(*echo, [&](Fd socket) { serveEcho(greeting, std::move(socket)); });
  }).detach();
  acceptForever(*http, [&who](Fd socket) { serveHttp(who, std::move(socket)); });
  return {};
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) {
  CLI::App app("HTTP server that answers who it is, and TCP echo");
  sluice::test::Identity who;
  uint16_t http_port = 0;
  uint16_t echo_port = 0;
  app.add_option("--name", who.name, "what it calls itself")->required();
  app.add_option("--version-label", who.version, "the version that it belongs to");
  app.add_option("--port", http_port, "port for HTTP; 0: the kernel chooses");
  app.add_option("--echo-port", echo_port, "port for TCP echo; 0: the kernel chooses");
  bool greet = false;
  app.add_flag("--greet", greet, "TCP echo begins with its name and the end of a line");
  CLI11_PARSE(app, argc, argv);
  const std::string greeting = greet ? who.name + "\n" : "";
  auto served = sluice::test::serve(who, greeting, http_port, echo_port);
  if (!served) std::cerr << served.error().message() << "\n";
  return 1;
}
