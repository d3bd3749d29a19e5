// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "userspace/base/result.h"

namespace sluice {

/// An IP address: 16 bytes in network byte order, IPv4 as v4-mapped, as the maps have it.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};

  /// "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1" (which is IPv4); fails with kInvalid.
  static Result<IpAddress> parse(std::string_view text);

  bool isV4() const;
  /// IPv4 without the prefix.
  std::string text() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

/// An IP address and a TCP port.
struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;  ///< host byte order

  /// From getsockname() and the like; v4-mapped addresses become IPv4. Fails for other families.
  static Result<SocketAddress> from(const sockaddr_storage& storage);

  /// As `family` (AF_INET or AF_INET6) wants it; IPv4 on AF_INET6 is v4-mapped.
  /// Returns the length; 0 when an IPv6 address does not fit AF_INET.
  socklen_t to(int family, sockaddr_storage& storage) const;

  /// "10.0.0.1:80", "[2001:db8::1]:80".
  std::string text() const;
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

}  // namespace sluice
