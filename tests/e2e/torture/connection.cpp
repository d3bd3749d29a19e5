// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/torture/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace sluice::test::torture {
namespace {

Result<void> set(const Fd& socket, int level, int option, int value) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) == 0) return {};
  return Error::system("setsockopt");
}

/// What connect() of a socket that does not wait has come to.
Result<void> finish(const Fd& socket) {
  pollfd writable{socket.get(), POLLOUT, 0};
  if (::poll(&writable, 1, kPatienceSeconds * 1000) != 1)
    return Error::system("wait for connect()", EAGAIN);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Error::system("connect", error);
  return {};
}

Result<void> connectIt(const Fd& socket, const SocketKind& kind, const SocketAddress& to) {
  sockaddr_storage storage{};
  const socklen_t length = to.to(kind.family, storage);
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  if (kind.fast_open) SLUICE_TRY(set(socket, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
  if (kind.blocking) {
    if (::connect(socket.get(), address, length) != 0) return Error::system("connect");
    return {};
  }
  const int flags = ::fcntl(socket.get(), F_GETFL);
  ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK);
  if (::connect(socket.get(), address, length) != 0 && errno != EINPROGRESS)
    return Error::system("connect");
  // With fast open nothing happens before the first bytes.
  if (!kind.fast_open) SLUICE_TRY(finish(socket));
  ::fcntl(socket.get(), F_SETFL, flags);
  return {};
}

/// The agent listens on loopback, whose packets are larger than those of every other device of the
/// lab; names of the socket's ends are answered as if there were no agent.
Path pathOf(const Fd& socket) {
  constexpr int kLargestElsewhere = 9000;
  int mtu = 0;
  socklen_t size = sizeof mtu;
  if (::getsockopt(socket.get(), IPPROTO_IP, IP_MTU, &mtu, &size) != 0)
    ::getsockopt(socket.get(), IPPROTO_IPV6, IPV6_MTU, &mtu, &size);
  return mtu > kLargestElsewhere ? Path::kProxy : Path::kConnect;
}

}  // namespace

SocketKind SocketKind::any(Random& random) {
  SocketKind kind;
  const uint64_t family = random.draw() % 4;
  kind.family = family < 2 ? AF_INET : AF_INET6;
  kind.mapped = family == 2;
  kind.blocking = random.draw() % 2 == 0;
  kind.fast_open = random.draw() % 8 == 0;
  return kind;
}

bool SocketKind::callsV6() const { return family == AF_INET6 && !mapped; }

std::string SocketKind::text() const {
  return fmt::format("{}{}{}", callsV6() ? "IPv6" : (mapped ? "mapped" : "IPv4"),
                     blocking ? "" : " non-blocking", fast_open ? " fast open" : "");
}

std::string Connection::text() const {
  return fmt::format("{} connection of the {} path, opened {:.3f} s ago, server {}", kind.text(),
                     path == Path::kProxy ? "proxy" : "connect",
                     static_cast<double>(nowNs() - opened.from) / 1e9,
                     server == 0 ? "unknown" : torture::text(server));
}

Result<Connection> open(const SocketKind& kind, const SocketAddress& to) {
  Fd socket(::socket(kind.family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("socket");
  const timeval patience{kPatienceSeconds, 0};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
    if (::setsockopt(socket.get(), SOL_SOCKET, option, &patience, sizeof patience) != 0)
      return Error::system("set a socket timeout");
  SLUICE_TRY(set(socket, IPPROTO_TCP, TCP_NODELAY, 1));
  Span span{nowNs(), 0};
  const auto connected = connectIt(socket, kind, to);
  span.to = nowNs();
  if (!connected.ok()) return connected.error();
  const Path path = pathOf(socket);
  return Connection{
      .stream = HttpStream(std::move(socket)), .kind = kind, .opened = span, .path = path};
}

bool hung(const Error& error) {
  return error.errnum() == EAGAIN || error.errnum() == EINPROGRESS || error.errnum() == ETIMEDOUT;
}

void resetAndClose(Connection connection) {
  const linger now{1, 0};
  ::setsockopt(connection.stream.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace sluice::test::torture
