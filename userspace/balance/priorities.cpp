// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/priorities.h"

#include <algorithm>
#include <numeric>

namespace sluice::balance {
namespace {

constexpr uint64_t kOverprovisioningPercent = 140;

/// In whole percent, rounded down as Envoy does.
uint32_t availablePercent(const Health& health) {
  if (health.total == 0) return 0;
  const uint64_t percent = kOverprovisioningPercent * health.healthy / health.total;
  return static_cast<uint32_t>(std::min<uint64_t>(percent, 100));
}

}  // namespace

double Health::availability() const {
  if (total == 0) return 0;
  return std::min(1.0, 1.4 * healthy / total);
}

std::vector<uint32_t> priorityLoads(std::span<const Health> priorities) {
  std::vector<uint32_t> loads;
  for (const auto& health : priorities) loads.push_back(availablePercent(health));
  const uint32_t available = std::min(100U, std::accumulate(loads.begin(), loads.end(), 0U));
  if (available == 0) return loads;
  uint32_t left = 100;
  for (auto& load : loads) {
    load = std::min(left, load * 100 / available);
    left -= load;
  }
  // What rounding has left belongs to the first that can take anything.
  *std::ranges::find_if(loads, [](uint32_t load) { return load > 0; }) += left;
  return loads;
}

}  // namespace sluice::balance
