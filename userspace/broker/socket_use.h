// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sluice::broker {

/// How a connection has been used, by the kernel's tcp_info. The kernel notes times in its own
/// ticks, of 1 to 10 ms: what happened in the same one is equally long ago.
struct SocketUse {
  std::chrono::milliseconds since_sent{};      ///< the last segment with data; or the handshake
  std::chrono::milliseconds since_received{};  ///< likewise
  uint32_t sent = 0;                           ///< segments with data
  uint32_t received = 0;                       ///< segments with data

  friend bool operator==(const SocketUse&, const SocketUse&) = default;
};

/// Of the payload of INET_DIAG_INFO; none where the kernel does not tell enough (before Linux 4.6).
std::optional<SocketUse> readUse(std::span<const std::byte> tcp_info);

}  // namespace sluice::broker
