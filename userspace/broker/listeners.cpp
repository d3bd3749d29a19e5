// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/listeners.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <string_view>

namespace sluice::broker {

namespace {

constexpr std::string_view kLoopbackDevice = "lo";

Result<Fd> streamSocket(int family) {
  Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return Error::system("socket");
  return fd;
}

Result<void> setFlag(int fd, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof(on)) == 0) return {};
  return Error::system(fmt::format("setsockopt {}", name));
}

Result<void> listenOn(int fd, int family, const IpAddress& ip, int backlog) {
  sockaddr_storage storage;
  const socklen_t length = SocketAddress{ip, 0}.to(family, storage);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    return Error::system(fmt::format("bind {}", ip.text()));
  }
  if (::listen(fd, backlog) != 0) return Error::system(fmt::format("listen on {}", ip.text()));
  return {};
}

// TCP fast open would hand a connection to accept() before its client is established, that is
// before the kernel's program has told where it was going (origdst). net.ipv4.tcp_fastopen can
// switch it on for every listener at listen(). Clients that ask for it shake hands as usual.
Result<void> refuseFastOpen(int fd) {
  const int queue = 0;
  if (::setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)) == 0) return {};
  return Error::system("setsockopt TCP_FASTOPEN");
}

Result<uint16_t> portOf(const Fd& fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return Error::system("getsockname");
  }
  auto address = SocketAddress::from(storage);
  if (!address.ok()) return std::move(address).error();
  return address->port;
}

Result<Fd> openV4() {
  auto fd = streamSocket(AF_INET);
  if (!fd.ok()) return fd;
  if (::setsockopt(fd->get(), SOL_SOCKET, SO_BINDTODEVICE, kLoopbackDevice.data(),
                   kLoopbackDevice.size()) != 0) {
    return Error::system("bind the listener to device lo");
  }
  SLUICE_TRY(listenOn(fd->get(), AF_INET, *IpAddress::parse("0.0.0.0"), SOMAXCONN));
  SLUICE_TRY(refuseFastOpen(fd->get()));
  return fd;
}

Result<Fd> openAlive() {
  auto fd = streamSocket(AF_INET);
  if (!fd.ok()) return fd;
  // A namespace whose lo has never been up has no 127.0.0.1 to bind to; lo may come up later.
  SLUICE_TRY(setFlag(fd->get(), IPPROTO_IP, IP_FREEBIND, "IP_FREEBIND"));
  SLUICE_TRY(listenOn(fd->get(), AF_INET, *IpAddress::parse("127.0.0.1"), 1));
  return fd;
}

Result<Fd> openV6() {
  auto fd = streamSocket(AF_INET6);
  if (!fd.ok()) return fd;
  SLUICE_TRY(setFlag(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
  SLUICE_TRY(listenOn(fd->get(), AF_INET6, *IpAddress::parse("::1"), SOMAXCONN));
  SLUICE_TRY(refuseFastOpen(fd->get()));
  return fd;
}

// No IPv6 in the kernel, or none on this namespace's lo.
bool meansNoV6(const Error& error) {
  return error.errnum() == EAFNOSUPPORT || error.errnum() == EADDRNOTAVAIL;
}

Result<uint64_t> cookieOf(const Fd& socket) {
  uint64_t cookie = 0;
  socklen_t length = sizeof(cookie);
  const int result = ::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
  if (result == 0) return cookie;
  if (errno == ENOPROTOOPT) return uint64_t{0};
  return Error::system("getsockopt SO_NETNS_COOKIE");
}

// As `storage` has it, or zero when others cannot reach it.
IpAddress reachable(const sockaddr* address) {
  sockaddr_storage storage{};
  const bool v4 = address->sa_family == AF_INET;
  std::memcpy(&storage, address, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  const auto parsed = SocketAddress::from(storage);
  if (!parsed.ok()) return {};
  const auto& bytes = parsed->ip.bytes;
  const bool link_local =
      v4 ? bytes[12] == 169 && bytes[13] == 254 : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  const bool loopback = v4 && bytes[12] == 127;
  return link_local || loopback ? IpAddress{} : parsed->ip;
}

}  // namespace

Result<Listeners> Listeners::open() {
  auto v4 = openV4();
  if (!v4.ok()) return std::move(v4).error();
  auto alive = openAlive();
  if (!alive.ok()) return std::move(alive).error();
  auto v4_port = portOf(*v4);
  if (!v4_port.ok()) return std::move(v4_port).error();
  auto alive_port = portOf(*alive);
  if (!alive_port.ok()) return std::move(alive_port).error();
  auto cookie = cookieOf(*v4);
  if (!cookie.ok()) return std::move(cookie).error();
  Listeners listeners{*std::move(v4), Fd(), *std::move(alive), *v4_port, 0, *alive_port, *cookie};
  SLUICE_TRY(listeners.addV6());
  return listeners;
}

Result<void> Listeners::addV6() {
  if (listener6) return {};
  auto fd = openV6();
  if (!fd.ok() && meansNoV6(fd.error())) return {};
  if (!fd.ok()) return std::move(fd).error();
  auto port = portOf(*fd);
  if (!port.ok()) return std::move(port).error();
  listener6 = *std::move(fd);
  listener6_port = *port;
  return {};
}

Result<OwnAddresses> OwnAddresses::find() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return Error::system("getifaddrs");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(raw, &::freeifaddrs);
  OwnAddresses found;
  for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_LOOPBACK) != 0) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    auto& slot = family == AF_INET ? found.v4 : found.v6;
    if (slot == IpAddress{}) slot = reachable(entry->ifa_addr);
  }
  return found;
}

}  // namespace sluice::broker
