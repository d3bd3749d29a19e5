// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/surplus.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::broker {

void Surplus::count(uint32_t route, const Shares& shares, uint32_t cluster) {
  auto& counted = counted_[route];
  if (counted.connections.empty()) counted.shares = shares;
  ++counted.connections[cluster];
}

bool Surplus::take(uint32_t route, uint32_t cluster) {
  const auto known = surplus_.find(route);
  if (known == surplus_.end()) return false;
  const auto left = known->second.find(cluster);
  if (left == known->second.end() || left->second == 0) return false;
  --left->second;
  return true;
}

bool Surplus::finishRound() {
  surplus_.clear();
  for (const auto& [id, route] : std::exchange(counted_, {}))
    if (auto surplus = surplusOf(route); !surplus.empty()) surplus_[id] = std::move(surplus);
  return !surplus_.empty();
}

Surplus::Counts Surplus::surplusOf(const Route& route) {
  double connections = 0, shares = 0;
  for (const auto& [cluster, count] : route.connections) connections += static_cast<double>(count);
  for (const auto& [cluster, share] : route.shares) shares += cluster == 0 ? 0 : share;
  Counts surplus;
  for (const auto& [cluster, share] : route.shares) {
    const auto found = route.connections.find(cluster);
    if (cluster == 0 || found == route.connections.end()) continue;
    const double part = share / shares;
    const double fair = connections * part;
    const double chance = 2 * std::sqrt(connections * part * (1 - part));
    const auto count = found->second;
    if (static_cast<double>(count) <= fair + chance) continue;
    const auto over = static_cast<uint64_t>(static_cast<double>(count) - fair);
    surplus[cluster] =
        std::min(std::max<uint64_t>(over, 1), std::max<uint64_t>(count / kMovedAtOnce, 1));
  }
  return surplus;
}

}  // namespace sluice::broker
