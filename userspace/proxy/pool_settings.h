// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "userspace/base/clock.h"
#include "userspace/model/traffic_policy.h"

namespace sluice::proxy {

/// `connectionPool` as far as the proxy keeps it. Istio: 0 is as good as absent, except for
/// tcp.idleTimeout, where it means never.
struct PoolSettings {
  static constexpr uint32_t kNoLimit = std::numeric_limits<uint32_t>::max();

  static PoolSettings of(const ConnectionPoolSettings& policy);

  uint32_t max_connections = kNoLimit;
  uint32_t max_pending = kNoLimit;   ///< requests that wait for a connection
  uint32_t max_requests = kNoLimit;  ///< that are under way
  uint32_t max_requests_per_connection = kNoLimit;
  std::optional<Duration> connect_timeout;  ///< per attempt
  std::optional<Duration> tunnel_idle;      ///< of connections whose bytes are passed on unseen
  std::optional<Duration> http_idle;        ///< of a connection that is kept for the next request
  /// HTTP: a connection takes no request after that; others are closed.
  std::optional<Duration> longest_connection;
  std::optional<TcpKeepalive> keepalive;

  friend bool operator==(const PoolSettings&, const PoolSettings&) = default;
};

/// Switches keep-alive probes on. Linux counts whole seconds: less is one. What is not set stays as
/// the system has it; so does everything where the kernel refuses a number.
void setKeepalive(int socket, const TcpKeepalive& keepalive);

}  // namespace sluice::proxy
