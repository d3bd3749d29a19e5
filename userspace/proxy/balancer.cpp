// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/balancer.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "maps/lib/alias.h"
#include "maps/lib/hash.h"
#include "maps/lib/load.h"

namespace sluice::proxy {

namespace {

/// Draws of an endpoint that has not been tried (Istio: host_selection_retry_max_attempts).
constexpr int kOtherEndpointDraws = 5;

bool isEjected(const ProxyEndpoint& endpoint) {
  return endpoint.monitor && endpoint.monitor->isAvoided();
}

/// An endpoint as the proxy has it, and as routing does.
struct Ranked {
  const ProxyEndpoint* endpoint;
  uint32_t priority;
  uint32_t weight;
};

/// Both lists have the same order; routing's may have more.
std::vector<Ranked> ranked(const ProxyCluster& cluster) {
  std::vector<Ranked> all;
  auto at = cluster.endpoints.begin();
  for (const auto& described : cluster.cluster->endpoints) {
    if (at == cluster.endpoints.end()) break;
    if (at->address != described.address) continue;
    all.push_back({&*at++, described.priority, described.weight});
  }
  return all;
}

/// With the probability of its weight.
const ProxyEndpoint* byWeight(const std::vector<Ranked>& candidates, uint64_t draw) {
  uint64_t sum = 0;
  for (const auto& candidate : candidates) sum += candidate.weight;
  draw %= sum;
  auto at = candidates.begin();
  for (; draw >= at->weight; ++at) draw -= at->weight;
  return at->endpoint;
}

bool contains(std::span<const EndpointId> ids, EndpointId id) {
  return std::ranges::find(ids, id) != ids.end();
}

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
                                    const Caller& caller) {
  if (cluster.endpoints.empty()) return nullptr;
  const ProxyEndpoint* endpoint = &propose(cluster, caller, 0);
  for (int i = 1; i <= kOtherEndpointDraws; ++i) {
    if (!contains(tried, endpoint->id) && !isEjected(*endpoint)) break;
    endpoint = &propose(cluster, caller, i);
  }
  return isEjected(*endpoint) ? anyInUse(cluster) : endpoint;
}

const ProxyEndpoint* Balancer::pickOfOtherPriority(const ProxyCluster& cluster,
                                                   std::span<const EndpointId> tried) {
  auto candidates = ranked(cluster);
  std::set<uint32_t> left_out;
  for (const auto& [endpoint, priority, weight] : candidates)
    if (contains(tried, endpoint->id)) left_out.insert(priority);
  std::erase_if(candidates, [&](const Ranked& candidate) {
    return left_out.contains(candidate.priority) || isEjected(*candidate.endpoint);
  });
  if (candidates.empty()) return nullptr;
  const auto first = std::ranges::min(candidates, {}, &Ranked::priority).priority;
  std::erase_if(candidates, [&](const Ranked& each) { return each.priority != first; });
  return byWeight(candidates, random_.draw());
}

// Until the configuration without the ejected ones is here.
const ProxyEndpoint* Balancer::anyInUse(const ProxyCluster& cluster) {
  const size_t count = cluster.endpoints.size();
  const size_t first = below(count);
  for (size_t i = 0; i < count; ++i) {
    const auto& endpoint = cluster.endpoints[(first + i) % count];
    if (!isEjected(endpoint)) return &endpoint;
  }
  return nullptr;
}

// Envoy, MaglevTable::chooseHost: another attempt turns the hash into another one, the same for the
// same request.
const ProxyEndpoint& Balancer::propose(const ProxyCluster& cluster, const Caller& caller,
                                       int attempt) {
  if (cluster.by_hash && caller.hash)
    return cluster
        .endpoints[cluster.by_hash->pick(*caller.hash ^ (0 - static_cast<uint64_t>(attempt)))];
  const bool by_client = cluster.cluster->policy == routing::BalancePolicy::kClient;
  if (by_client && attempt == 0) return drawn(cluster, mix64(caller.workload.value));
  return byPolicy(cluster);
}

const ProxyEndpoint& Balancer::drawn(const ProxyCluster& cluster, uint64_t draw) {
  const auto& choice = cluster.choice;
  const auto count =
      static_cast<uint32_t>(choice.empty() ? cluster.endpoints.size() : choice.size());
  return cluster.endpoints[choice.empty() ? alias_index(draw, count)
                                          : alias_pick(choice.data(), count, draw)];
}

const ProxyEndpoint& Balancer::byPolicy(const ProxyCluster& cluster) {
  if (cluster.endpoints.size() == 1) return cluster.endpoints.front();
  switch (cluster.cluster->policy) {
    case routing::BalancePolicy::kRoundRobin:
      return roundRobin(cluster);
    case routing::BalancePolicy::kLeastRequest:
      if (cluster.even) return leastRequest(cluster);
      break;
    case routing::BalancePolicy::kRandom:
    case routing::BalancePolicy::kClient:
    case routing::BalancePolicy::kRequest:
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
uint64_t Balancer::load(EndpointId endpoint) const {
  auto* const load = loads_.shared(endpoint.value);
  return load == nullptr ? 0 : load_of(std::atomic_ref(*load).load(std::memory_order_relaxed));
}

void Balancer::started(EndpointId endpoint) {
  if (auto* const load = loads_.shared(endpoint.value))
    std::atomic_ref(load->requests).fetch_add(1, std::memory_order_relaxed);
}

// Another agent, which has begun to count anew, may count there by now.
void Balancer::finished(EndpointId endpoint) {
  auto* const load = loads_.shared(endpoint.value);
  if (load == nullptr) return;
  std::atomic_ref shared(load->requests);
  auto known = shared.load(std::memory_order_relaxed);
  while (known > 0 && !shared.compare_exchange_weak(known, known - 1, std::memory_order_relaxed)) {
  }
}

}  // namespace sluice::proxy
