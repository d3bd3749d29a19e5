// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::balance {

/// How many endpoints of a priority or locality may be picked, of all.
struct Health {
  uint32_t healthy = 0;
  uint32_t total = 0;

  /// Envoy's over-provisioning: a set keeps its whole share until fewer than 1 / 1.4 are healthy.
  /// 0 to 1; 0 for an empty set.
  double availability() const;
};

/// The percentage of traffic that each priority gets, the first being 0; they add up to 100, or
/// are all 0 when nothing is healthy (Istio switches Envoy's panic mode off).
/// Envoy, "Priority levels": a priority gets what the ones before it cannot take.
std::vector<uint32_t> priorityLoads(std::span<const Health> priorities);

}  // namespace sluice::balance
