// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "userspace/model/data_plane.h"

namespace sluice::observe {

/// What the agent knows and no map holds.
struct AgentFacts {
  uint64_t revision = 0;
  std::optional<std::chrono::system_clock::time_point> last_success;  ///< absent: none yet
  size_t rejected_resources = 0;
  size_t workloads_enrolled = 0;
  size_t workloads_pending = 0;
};

/// The whole page of /metrics, read from the maps now. Fails when the maps cannot be read: half a
/// page would look like counters that were reset.
Result<std::string> scrape(DataPlane& data_plane, const AgentFacts& facts);

}  // namespace sluice::observe
