// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>

namespace sluice::test {
namespace {

timeval timevalOf(Duration duration) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return {.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
}

Result<void> setPatience(const Fd& socket, Duration patience) {
  const timeval limit = timevalOf(patience);
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
    if (setsockopt(socket.get(), SOL_SOCKET, option, &limit, sizeof limit) != 0)
      return Error::system("set a socket timeout");
  return {};
}

std::string wire(const HttpRequest& request) {
  std::string text =
      request.method + " " + request.target + " HTTP/1.1\r\nHost: " + request.host + "\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (request.chunked)
    return text + "Transfer-Encoding: chunked\r\n\r\n" + chunked(request.body, 1000);
  if (!request.body.empty())
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

int statusOf(const HttpHead& head) { return std::atoi(head.start[1].c_str()); }

}  // namespace

Result<Fd> connectTcp(const SocketAddress& to, Duration patience) {
  const int family = to.ip.isV4() ? AF_INET : AF_INET6;
  sockaddr_storage address{};
  const socklen_t length = to.to(family, address);
  Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("make a socket");
  SLUICE_TRY(setPatience(socket, patience));
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
    return Error::system("connect to " + to.text());
  const int yes = 1;
  if (setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0)
    return Error::system("set TCP_NODELAY");
  return socket;
}

Result<HttpConnection> HttpConnection::connect(const SocketAddress& to, Duration patience) {
  auto socket = connectTcp(to, patience);
  if (!socket) return std::move(socket).error();
  return HttpConnection(*std::move(socket));
}

Result<HttpHead> HttpConnection::readFinalHead() {
  while (true) {
    auto head = stream_.readHead();
    if (!head) return std::move(head).error();
    if (!*head) return Error(Error::Code::kUnavailable, "closed without a response");
    if (statusOf(**head) >= 200 || statusOf(**head) == 101) return **std::move(head);
  }
}

Result<std::string> HttpConnection::readResponseBody(const HttpRequest& request,
                                                     const HttpHead& head) {
  const int status = statusOf(head);
  if (request.method == "HEAD" || status < 200 || status == 204 || status == 304)
    return std::string();
  const bool framed =
      !head.header("content-length").empty() || !head.header("transfer-encoding").empty();
  return framed ? stream_.readBody(head) : stream_.readToEnd();
}

Result<HttpResponse> HttpConnection::exchange(const HttpRequest& request) {
  const auto start = std::chrono::steady_clock::now();
  SLUICE_TRY(stream_.write(wire(request)));
  auto head = readFinalHead();
  if (!head) return std::move(head).error();
  auto body = readResponseBody(request, *head);
  if (!body) return std::move(body).error();
  return HttpResponse{.status = statusOf(*head),
                      .head = *std::move(head),
                      .body = *std::move(body),
                      .took = std::chrono::steady_clock::now() - start};
}

std::string patternBytes(size_t offset, size_t count) {
  // One multiplication of the 8-byte word's number; 2^64 / golden ratio spreads it over all bytes.
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; ++i) {
    const size_t position = offset + i;
    const uint64_t word = (position / 8 + 1) * 0x9e3779b97f4a7c15ULL;
    bytes[i] = static_cast<char>(word >> (position % 8 * 8));
  }
  return bytes;
}

}  // namespace sluice::test
