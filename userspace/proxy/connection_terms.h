// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "userspace/proxy/config.h"
#include "userspace/proxy/upstream.h"

namespace sluice::proxy {

/// Makes `upstream`, a connection by `socket` that is being made, one as `settings` want it.
void setTerms(const PoolSettings& settings, TimePoint now, int socket, Upstream& upstream);

/// How a connection of HTTP/2 may be used, by the limits of its cluster's pool.
struct Http2Terms {
  /// Of a connection that is made now.
  static Http2Terms of(const routing::Cluster& cluster, TimePoint now);

  Upstream::Terms connection;
  uint32_t streams = PoolSettings::kNoLimit;  ///< requests at once
  /// Pause between pings; a server that has not answered one after `ping_timeout` is given up.
  std::optional<Duration> ping_interval;
  Duration ping_timeout{};
};

}  // namespace sluice::proxy
