// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/balancer.h"

#include <algorithm>
#include <atomic>

#include "maps/lib/alias.h"

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

const ProxyEndpoint* Balancer::pick(const ProxyCluster& cluster,
                                    std::span<const EndpointId> tried) {
  if (cluster.endpoints.empty()) return nullptr;
  const ProxyEndpoint* endpoint = &propose(cluster);
  for (int i = 0; i < kOtherEndpointDraws; ++i) {
    if (std::ranges::find(tried, endpoint->id) == tried.end()) break;
    endpoint = &propose(cluster);
  }
  return endpoint;
}

const ProxyEndpoint& Balancer::propose(const ProxyCluster& cluster) {
  const std::span<const ProxyEndpoint> endpoints = cluster.endpoints;
  if (endpoints.size() == 1) return endpoints.front();
  switch (cluster.cluster->policy) {
    case routing::BalancePolicy::kRoundRobin:
      return roundRobin(endpoints);
    case routing::BalancePolicy::kLeastRequest:
      return leastRequest(endpoints);
    case routing::BalancePolicy::kRandom:
      break;
  }
  return endpoints[below(endpoints.size())];
}

// Workers start at a random endpoint, so that they do not walk in step.
const ProxyEndpoint& Balancer::roundRobin(std::span<const ProxyEndpoint> endpoints) {
  uint32_t& turn = elementAt(turns_, endpoints.front().cluster.value);
  if (turn == 0) turn = 1 + below(endpoints.size());
  return endpoints[turn++ % endpoints.size()];
}

const ProxyEndpoint& Balancer::leastRequest(std::span<const ProxyEndpoint> endpoints) {
  const ProxyEndpoint& one = endpoints[below(endpoints.size())];
  const ProxyEndpoint& other = endpoints[below(endpoints.size())];
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
