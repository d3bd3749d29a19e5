// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/model/data_plane.h"
#include "userspace/observe/map_use.h"
#include "userspace/observe/requests.h"

namespace sluice::observe {

/// What outlier detection and the connection pool have done at one cluster.
struct ClusterFacts {
  std::string cluster;  ///< routing::clusterName(); those of one host, port and subset add up
  size_t ejected = 0;   ///< endpoints, now
  uint64_t ejections = 0;
  uint64_t held_ejections = 0;  ///< that the limit has prevented
  uint64_t overflows = 0;       ///< requests and connections that a limit has refused
};

/// Host names of ServiceEntries, and their lookups since the agent started.
struct NameFacts {
  size_t resolved = 0;    ///< have addresses
  size_t unresolved = 0;  ///< have none
  uint64_t answered = 0, empty = 0, failed = 0;
};

/// What the agent knows and no map holds.
struct AgentFacts {
  uint64_t revision = 0;
  std::optional<std::chrono::system_clock::time_point> last_success;  ///< absent: none yet
  size_t rejected_resources = 0;
  size_t workloads_enrolled = 0;
  size_t workloads_pending = 0;
  std::map<std::string, size_t> neighbours = {};  ///< workloads that have one, by its code
  std::vector<ClusterFacts> clusters = {};
  std::vector<std::pair<std::string_view, uint64_t>> proxy_events;  ///< by name
  size_t proxy_connections = 0;
  NameFacts names = {};
  std::vector<MapUse> maps = {};
  Requests requests = {};
  MetricsCompat compat = MetricsCompat::kNone;
};

/// The whole page of /metrics, read from the maps now. Fails when the maps cannot be read: half a
/// page would look like counters that were reset.
Result<std::string> scrape(DataPlane& data_plane, const AgentFacts& facts);

}  // namespace sluice::observe
