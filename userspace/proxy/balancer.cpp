// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/balancer.h"

#include <algorithm>
#include <atomic>

#include "maps/lib/alias.h"
#include "maps/lib/hash.h"

namespace sluice::proxy {

namespace {

/// Draws of an endpoint that has not been tried (Istio: host_selection_retry_max_attempts).
constexpr int kOtherEndpointDraws = 5;

uint32_t& elementAt(std::vector<uint32_t>& numbers, uint32_t index) {
  if (numbers.size() <= index) numbers.resize(index + 1);
  return numbers[index];
}

}  // namespace

uint32_t Balancer::below(size_t count) {
  return alias_index(random_.draw(), static_cast<uint32_t>(count));
}

const ProxyCluster* Balancer::drawCluster(const ProxyRule& rule) {
  const auto& destinations = rule.destinations;
  if (destinations.empty()) return nullptr;
  if (destinations.size() == 1 || rule.choice.empty()) return destinations.data();
  const auto slots = static_cast<uint32_t>(rule.choice.size());
  return &destinations[alias_pick(rule.choice.data(), slots, random_.draw())];
}

bool Balancer::dice(Percent share) { return below(1'000'000) < share.millionths; }

const ProxyEndpoint* Balancer::pick(const ProxyCluster& cluster, std::span<const EndpointId> tried,
                                    WorkloadId client) {
  if (cluster.endpoints.empty()) return nullptr;
  const bool by_client = cluster.cluster->policy == routing::BalancePolicy::kClient;
  const ProxyEndpoint* endpoint =
      by_client ? &drawn(cluster, mix64(client.value)) : &propose(cluster);
  for (int i = 0; i < kOtherEndpointDraws; ++i) {
    if (std::ranges::find(tried, endpoint->id) == tried.end()) break;
    endpoint = &propose(cluster);
  }
  return endpoint;
}

const ProxyEndpoint& Balancer::drawn(const ProxyCluster& cluster, uint64_t draw) {
  const auto count = static_cast<uint32_t>(cluster.endpoints.size());
  return cluster.endpoints[cluster.choice.empty() ? alias_index(draw, count)
                                                  : alias_pick(cluster.choice.data(), count, draw)];
}

const ProxyEndpoint& Balancer::propose(const ProxyCluster& cluster) {
  if (cluster.endpoints.size() == 1) return cluster.endpoints.front();
  switch (cluster.cluster->policy) {
    case routing::BalancePolicy::kRoundRobin:
      return roundRobin(cluster);
    case routing::BalancePolicy::kLeastRequest:
      if (cluster.even) return leastRequest(cluster);
      break;
    case routing::BalancePolicy::kRandom:
    case routing::BalancePolicy::kClient:
      break;
  }
  return drawn(cluster, random_.draw());
}

// Workers start at a random endpoint, so that they do not walk in step.
const ProxyEndpoint& Balancer::roundRobin(const ProxyCluster& cluster) {
  const auto& endpoints = cluster.endpoints;
  uint32_t& turn = elementAt(turns_, endpoints.front().cluster.value);
  if (turn == 0) turn = 1 + below(endpoints.size());
  const size_t slot = turn++ % endpoints.size();
  if (cluster.choice.empty()) return endpoints[slot];
  return endpoints[alias_take(&cluster.choice[slot], random_.draw())];
}

const ProxyEndpoint& Balancer::leastRequest(const ProxyCluster& cluster) {
  const ProxyEndpoint& one = drawn(cluster, random_.draw());
  const ProxyEndpoint& other = drawn(cluster, random_.draw());
  return load(other.id) < load(one.id) ? other : one;
}

// Connections that the kernel sent there itself count as well: each is a client that may ask.
uint64_t Balancer::load(EndpointId endpoint) {
  auto* const connections = connections_.shared(endpoint.value);
  const uint64_t direct =
      connections == nullptr ? 0 : std::atomic_ref(*connections).load(std::memory_order_relaxed);
  return direct + active(endpoint);
}

uint32_t& Balancer::active(EndpointId endpoint) { return elementAt(active_, endpoint.value); }

}  // namespace sluice::proxy
