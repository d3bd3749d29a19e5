// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/connector.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace sluice::broker {

namespace {

Result<Fd> openSocket(int family) {
  Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return Error::system("open an upstream socket");
  const int on = 1;
  if (::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
    return Error::system("setsockopt TCP_NODELAY");
  }
  return fd;
}

Result<void> startConnect(const Fd& fd, int family, const SocketAddress& address) {
  sockaddr_storage storage;
  const socklen_t length = address.to(family, storage);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0) return {};
  if (errno == EINPROGRESS) return {};
  return Error::system(fmt::format("connect to {}", address.text()));
}

}  // namespace

const NetworkNamespace* Connector::namespaceOf(WorkloadId workload) const {
  const auto* there = enrolments_.namespaceOf(workload);
  return there == nullptr ? leaving_.namespaceOf(workload) : there;
}

Result<Fd> Connector::connect(const UpstreamTarget& target) {
  if (closed_)
    return Error(Error::Code::kUnavailable, "another sluiced has taken over some time ago");
  const auto* there = namespaceOf(target.workload);
  if (there == nullptr) {
    return Error(Error::Code::kPermission,
                 fmt::format("workload {:x} is not enrolled", target.workload.value));
  }
  auto address = authorizer_.authorize(target);
  if (!address.ok()) return std::move(address).error();
  const int family = address->ip.isV4() ? AF_INET : AF_INET6;
  // A socket stays in the namespace that it was opened in: connect() can wait until home.
  auto fd = visitor_.visit(*there, [&] { return openSocket(family); });
  if (!fd.ok()) return fd;
  SLUICE_TRY(startConnect(*fd, family, *address));
  return fd;
}

}  // namespace sluice::broker
