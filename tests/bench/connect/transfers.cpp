// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/transfers.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "tests/bench/connect/serving.h"
#include "userspace/base/fd.h"

namespace sluice::test {
namespace {

using Clock = std::chrono::steady_clock;
using Message = std::array<char, 1024>;

/// A client's first byte says what it wants.
constexpr char kWantsExchanges = 'e';
constexpr char kWantsBulk = 'b';

bool sendAll(int socket, const char* data, size_t size) {
  return ::send(socket, data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

bool receiveAll(int socket, Message& message) {
  return ::recv(socket, message.data(), message.size(), MSG_WAITALL) ==
         static_cast<ssize_t>(message.size());
}

/// All sockets block: what is sent is sent whole, or the client has gone.
void serve(const Fd& client) {
  char wanted = 0;
  if (::recv(client.get(), &wanted, 1, 0) != 1) return;
  Message message{};
  if (wanted == kWantsExchanges) {
    while (receiveAll(client.get(), message) &&
           sendAll(client.get(), message.data(), message.size())) {
    }
    return;
  }
  const std::vector<char> block(1 << 18);
  while (sendAll(client.get(), block.data(), block.size())) {
  }
}

Result<Fd> open(const SocketAddress& to, Transfer transfer) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("socket");
  sockaddr_storage storage;
  const socklen_t size = to.to(AF_INET, storage);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0)
    return Error::system("connect to " + to.text());
  const char wanted = transfer == Transfer::kExchanges ? kWantsExchanges : kWantsBulk;
  if (!sendAll(socket.get(), &wanted, 1)) return Error::system("send");
  return socket;
}

/// One exchange, or what has arrived: its worth; 0 when the server has gone.
uint64_t step(const Fd& socket, Transfer transfer, std::vector<char>& buffer) {
  if (transfer == Transfer::kExchanges) {
    Message message{};
    const bool done =
        sendAll(socket.get(), message.data(), message.size()) && receiveAll(socket.get(), message);
    return done ? 1 : 0;
  }
  const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  return got > 0 ? static_cast<uint64_t>(got) : 0;
}

Result<std::string> transferOn(const SocketAddress& to, Transfer transfer, Duration length) {
  auto socket = open(to, transfer);
  if (!socket) return std::move(socket).error();
  std::vector<char> buffer(1 << 18);
  uint64_t done = 0;
  const auto start = Clock::now();
  while (Clock::now() - start < length) {
    const uint64_t more = step(*socket, transfer, buffer);
    if (more == 0) return Error(Error::Code::kUnavailable, "the server has gone");
    done += more;
  }
  const std::chrono::duration<double> seconds = Clock::now() - start;
  return fmt::format("{}", static_cast<double>(done) / seconds.count());
}

}  // namespace

int talker() { return serveForEver(serve); }

Result<Process> startTalker(const Lab& lab, std::string_view host) {
  return startServing(lab, host, "talker");
}

Result<double> transferFor(const Lab& lab, std::string_view host, const SocketAddress& to,
                           Transfer transfer, Duration length) {
  auto said = lab.inside(host, [&] { return transferOn(to, transfer, length); });
  if (!said) return std::move(said).error().in("transfer on " + std::string(host));
  return std::strtod(said->c_str(), nullptr);
}

}  // namespace sluice::test
