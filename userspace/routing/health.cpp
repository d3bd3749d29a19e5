// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/health.h"

#include <algorithm>

#include "userspace/routing/endpoint_shares.h"

namespace sluice::routing {
namespace {

std::vector<uint32_t> usualShares(const Cluster& cluster) {
  std::vector<uint32_t> shares;
  shares.reserve(cluster.endpoints.size());
  for (const auto& endpoint : cluster.endpoints) shares.push_back(endpoint.share);
  return shares;
}

/// Keys of what is in one of them alone, or different.
template <typename Value>
void addDifferences(const std::map<std::string, Value>& before,
                    const std::map<std::string, Value>& after, std::set<std::string>& keys) {
  for (const auto& [key, value] : before)
    if (const auto now = after.find(key); now == after.end() || now->second != value)
      keys.insert(key);
  for (const auto& [key, value] : after)
    if (!before.contains(key)) keys.insert(key);
}

uint32_t percentOf(const SocketAddress& address,
                   const std::map<SocketAddress, uint32_t>& percents) {
  const auto found = percents.find(address);
  return found == percents.end() ? 100 : found->second;
}

}  // namespace

std::string clusterName(const Cluster& cluster) {
  auto name = cluster.key.text();
  if (!cluster.variant.empty()) name += "@" + cluster.variant;
  return name;
}

std::set<std::string> changedClusters(const Health& before, const Health& after) {
  std::set<std::string> changed;
  addDifferences(before.avoided, after.avoided, changed);
  addDifferences(before.warmth, after.warmth, changed);
  return changed;
}

std::set<const Cluster*> clustersOf(const ServiceRoute& route) {
  std::set<const Cluster*> clusters;
  const auto add = [&](const std::vector<WeightedCluster>& destinations) {
    for (const auto& destination : destinations) clusters.insert(destination.cluster.get());
  };
  for (const auto& rule : *route.rules) {
    add(rule.destinations);
    for (const auto& mirror : rule.mirrors) clusters.insert(mirror.target.cluster.get());
  }
  for (const auto& rule : route.l4_rules) add(rule.destinations);
  clusters.insert(route.plain.get());
  clusters.erase(nullptr);
  return clusters;
}

bool usesAny(const ServiceRoute& route, const std::set<std::string>& clusters) {
  if (clusters.empty()) return false;
  const auto own = clustersOf(route);
  return std::ranges::any_of(
      own, [&](const auto* cluster) { return clusters.contains(clusterName(*cluster)); });
}

std::vector<uint32_t> sharesUnder(const Health& health, const Cluster& cluster) {
  if (health.avoided.empty() && health.warmth.empty()) return usualShares(cluster);
  const auto name = clusterName(cluster);
  const auto avoided = health.avoided.find(name);
  const auto warmth = health.warmth.find(name);
  if (avoided == health.avoided.end() && warmth == health.warmth.end()) return usualShares(cluster);
  std::vector<EndpointState> states(cluster.endpoints.size());
  bool nobody = true;
  for (size_t i = 0; i < states.size(); ++i) {
    const auto& address = cluster.endpoints[i].address;
    if (avoided != health.avoided.end()) states[i].healthy = !avoided->second.contains(address);
    if (warmth != health.warmth.end()) states[i].percent = percentOf(address, warmth->second);
    nobody &= !states[i].healthy;
  }
  return nobody ? std::vector<uint32_t>() : endpointShares(cluster, states);
}

}  // namespace sluice::routing
