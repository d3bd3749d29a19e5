// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {
constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  IpAddress address;
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  std::ranges::copy(kMappedPrefix, address.bytes.begin());
  if (::inet_pton(AF_INET, copy.c_str(), address.bytes.data() + 12) == 1) return address;
  return Error(Error::Code::kInvalid, fmt::format("\"{}\" is no IP address", text));
}

bool IpAddress::isV4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const int family = isV4() ? AF_INET : AF_INET6;
  const uint8_t* from = isV4() ? bytes.data() + 12 : bytes.data();
  return ::inet_ntop(family, from, buffer.data(), buffer.size());
}

Result<SocketAddress> SocketAddress::from(const sockaddr_storage& storage) {
  SocketAddress address;
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof(in));
    std::ranges::copy(kMappedPrefix, address.ip.bytes.begin());
    std::memcpy(address.ip.bytes.data() + 12, &in.sin_addr, 4);
    address.port = ntohs(in.sin_port);
    return address;
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &storage, sizeof(in));
    std::memcpy(address.ip.bytes.data(), &in.sin6_addr, 16);
    address.port = ntohs(in.sin6_port);
    return address;
  }
  return Error(Error::Code::kInvalid,
               fmt::format("address family {} is not IP", storage.ss_family));
}

socklen_t SocketAddress::to(int family, sockaddr_storage& storage) const {
  storage = {};
  if (family == AF_INET) {
    if (!ip.isV4()) return 0;
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, ip.bytes.data() + 12, 4);
    std::memcpy(&storage, &in, sizeof(in));
    return sizeof(in);
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, ip.bytes.data(), 16);
  std::memcpy(&storage, &in, sizeof(in));
  return sizeof(in);
}

std::string SocketAddress::text() const {
  return ip.isV4() ? fmt::format("{}:{}", ip.text(), port)
                   : fmt::format("[{}]:{}", ip.text(), port);
}

}  // namespace sluice
