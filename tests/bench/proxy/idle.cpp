// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/idle.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <sstream>

#include "tests/bench/proxy/usage.h"
#include "userspace/base/fd.h"

namespace sluice::test {

namespace {

constexpr std::string_view kRequest = "GET /100 HTTP/1.1\r\nHost: http.example\r\n\r\n";
constexpr timeval kLongest{10, 0};  ///< of one call on a socket

Result<Fd> connectTo(const SocketAddress& address) {
  sockaddr_storage storage{};
  const socklen_t length = address.to(AF_INET, storage);
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("make a socket");
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
    if (::setsockopt(socket.get(), SOL_SOCKET, option, &kLongest, sizeof kLongest) != 0)
      return Error::system("limit the time of a socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return Error::system("connect to " + address.text());
  return socket;
}

/// One request and its whole answer.
Result<void> askOnce(const Fd& socket) {
  if (::send(socket.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(kRequest.size()))
    return Error::system("send a request");
  const std::string body(100, 'x');
  std::string answer;
  std::array<char, 4096> block{};
  while (!answer.ends_with(body)) {
    const ssize_t count = ::recv(socket.get(), block.data(), block.size(), 0);
    if (count < 0) return Error::system("read an answer");
    if (count == 0) return Error(Error::Code::kUnavailable, "closed after: " + answer);
    answer.append(block.data(), static_cast<size_t>(count));
  }
  if (answer.starts_with("HTTP/1.1 200 ")) return {};
  return Error(Error::Code::kInvalid, "answered: " + answer);
}

Result<std::string> hold(const Contender& contender, const SocketAddress& address,
                         int connections) {
  const size_t before = residentKib(contender.processes);
  std::vector<Fd> sockets;
  for (int i = 0; i < connections; ++i) {
    auto socket = connectTo(address);
    if (!socket) return std::move(socket).error().in(fmt::format("connection {}", i + 1));
    auto asked = askOnce(*socket);
    if (!asked) return std::move(asked).error().in(fmt::format("connection {}", i + 1));
    sockets.push_back(*std::move(socket));
  }
  return fmt::format("{} {}", before, residentKib(contender.processes));
}

}  // namespace

Result<IdleMemory> holdIdleConnections(const Contender& contender, int connections) {
  const Target& target = contender.targets.front();
  auto figures =
      inside(target.client, [&] { return hold(contender, target.address, connections); });
  if (!figures) return std::move(figures).error();
  IdleMemory memory;
  std::istringstream(*figures) >> memory.before >> memory.held;
  return memory;
}

}  // namespace sluice::test
