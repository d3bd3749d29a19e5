// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/socket_use.h"

// Not netinet/tcp.h: its tcp_info ends before the counters of segments.
#include <linux/tcp.h>

#include <cstring>

namespace sluice::broker {

std::optional<SocketUse> readUse(std::span<const std::byte> tcp_info) {
  ::tcp_info info{};
  constexpr size_t kNeeded = offsetof(::tcp_info, tcpi_data_segs_out) + sizeof(__u32);
  static_assert(kNeeded <= sizeof(info));
  if (tcp_info.size() < kNeeded) return std::nullopt;
  std::memcpy(&info, tcp_info.data(), kNeeded);
  return SocketUse{.since_sent = std::chrono::milliseconds(info.tcpi_last_data_sent),
                   .since_received = std::chrono::milliseconds(info.tcpi_last_data_recv),
                   .sent = info.tcpi_data_segs_out,
                   .received = info.tcpi_data_segs_in};
}

}  // namespace sluice::broker
