// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/route_maker.h"

#include <algorithm>
#include <optional>
#include <string>

#include "userspace/balance/alias_table.h"
#include "userspace/balance/client_spread.h"
#include "userspace/balance/spread.h"
#include "userspace/routing/policy.h"
#include "userspace/routing/policy_reasons.h"

namespace sluice::agent {
namespace {

using proxy::ProxyCluster;
using proxy::ProxyConfig;
using proxy::ProxyRoute;
using proxy::ProxyRule;
using routing::Family;
using routing::ServiceRoute;

/// What Maglev tables know endpoints by.
std::vector<std::string> namesOf(const std::vector<proxy::ProxyEndpoint>& endpoints) {
  std::vector<std::string> names;
  names.reserve(endpoints.size());
  for (const auto& endpoint : endpoints) names.push_back(endpoint.address.text());
  return names;
}

Result<std::shared_ptr<const balance::MaglevTable>> hashTable(
    const std::vector<proxy::ProxyEndpoint>& endpoints, const std::vector<uint32_t>& shares,
    uint32_t size) {
  const auto names = namesOf(endpoints);
  auto table = balance::MaglevTable::of(balance::maglevMembers(names, shares), size);
  if (!table) return std::move(table).error();
  return std::make_shared<const balance::MaglevTable>(*std::move(table));
}

/// Istio: with round robin and least request.
std::optional<balance::WarmupSettings> warmupOf(const routing::Cluster& cluster) {
  const auto& balancer = cluster.settings->load_balancer;
  const bool slow = cluster.policy == routing::BalancePolicy::kRoundRobin ||
                    cluster.policy == routing::BalancePolicy::kLeastRequest;
  return balancer && slow ? balance::WarmupSettings::of(balancer->value) : std::nullopt;
}

}  // namespace

Result<std::shared_ptr<const ProxyRoute>> RouteMaker::make(
    const std::shared_ptr<const ServiceRoute>& route, Family family,
    const steering::Placement& placement) {
  auto rules = rulesOf(*route);
  if (!rules) return std::move(rules).error();
  auto made = std::make_shared<ProxyRoute>();
  made->family = family;
  made->service = placement.service;
  made->id = placement.route;
  made->binding = placement.binding;
  made->needs_origin = route->needsOrigin();
  made->route = route;
  made->matcher = rules->matcher;
  made->rules = rules->rules;
  SLUICE_TRY(addPlain(*made));
  SLUICE_TRY(addL4Rules(*made));
  return std::shared_ptr<const ProxyRoute>(std::move(made));
}

/// Its cluster is the route's fallback in the kernel's tables, so that the broker allows it.
Result<void> RouteMaker::addPlain(ProxyRoute& route) {
  route.plain_rule.index = -1;
  route.plain.rule = &route.plain_rule;
  auto cluster = makeCluster({.key = {}, .cluster = route.route->plain});
  if (!cluster) return std::move(cluster).error();
  route.plain.destinations.push_back(*std::move(cluster));
  route.plain.choice = {alias_slot{.threshold = UINT64_MAX, .own = 0, .alias = 0}};
  return {};
}

Result<void> RouteMaker::addL4Rules(ProxyRoute& route) {
  for (const auto& match : route.route->l4_rules) {
    auto made = std::make_unique<proxy::ProxyL4Rule>();
    made->match = &match;
    made->rule.index = match.index;
    made->rule.destinations = match.destinations;
    auto target = makeRule(made->rule, route.route->service.port);
    if (!target) return std::move(target).error();
    made->target = *std::move(target);
    route.l4_rules.push_back(std::move(made));
  }
  return {};
}

/// Rules that several services share are for one port of all of them.
Result<RouteMaker::Rules> RouteMaker::rulesOf(const ServiceRoute& route) {
  auto& known = rules_[&*route.rules];
  if (known.rules) return known;
  auto matcher = matcherOf(route);
  if (!matcher) return std::move(matcher).error();
  std::vector<ProxyRule> made;
  for (const auto& rule : *route.rules) {
    auto proxy_rule = makeRule(rule, route.service.port);
    if (!proxy_rule) return std::move(proxy_rule).error();
    made.push_back(*std::move(proxy_rule));
  }
  known = {*std::move(matcher), std::make_shared<const std::vector<ProxyRule>>(std::move(made))};
  return known;
}

Result<std::shared_ptr<const routing::Matcher>> RouteMaker::matcherOf(const ServiceRoute& route) {
  for (const auto family : {Family::kV4, Family::kV6})
    if (const auto* kept = previous_.by_host.get(ProxyConfig::HostKey{&route, family});
        kept != nullptr && (*kept)->route.get() == &route)
      return (*kept)->matcher;
  auto compiled = pool_.matcherFor(*route.rules);
  if (!compiled)
    return std::move(compiled).error().in("compile the rules of " + route.service.text());
  return compiled;
}

Result<ProxyRule> RouteMaker::makeRule(const routing::Rule& rule, uint16_t port) {
  ProxyRule made;
  made.rule = &rule;
  auto actions = proxy::RuleActions::of(rule, port);
  if (!actions) return std::move(actions).error();
  made.actions = *std::move(actions);
  if (rule.retries) made.retries = proxy::RetryPolicy::of(*rule.retries);
  std::vector<uint32_t> weights;
  for (const auto& destination : rule.destinations) {
    weights.push_back(destination.weight);
    auto cluster = makeCluster(destination);
    if (!cluster) return std::move(cluster).error();
    made.destinations.push_back(*std::move(cluster));
    made.destinations.back().edits = proxy::DestinationEdits::of(rule, *destination.headers);
  }
  for (const auto& mirror : rule.mirrors) {
    auto cluster = makeCluster(mirror.target);
    if (!cluster) return std::move(cluster).error();
    made.mirrors.push_back({*std::move(cluster), mirror.percentage});
  }
  if (weights.empty()) return made;
  auto choice = balance::aliasTable(weights);
  if (!choice) return std::move(choice).error();
  made.choice = *std::move(choice);
  return made;
}

Result<ProxyCluster> RouteMaker::makeCluster(const routing::WeightedCluster& destination) {
  ProxyCluster made;
  const auto& cluster = destination.cluster;
  if (!cluster || routing::whyNothingIsSent(*cluster->settings)) return made;
  made.cluster = cluster;
  made.version = proxy::upstreamVersion(*cluster);
  if (const auto* encryption = routing::encryption(*cluster->settings))
    made.tls = states_.tls.of(*encryption, cluster->settings->tls->from);
  const auto monitors = addStates(made);
  // None where all have failed: then there is nobody.
  const auto all_shares = routing::sharesUnder(health_, *cluster);
  std::vector<uint32_t> shares;
  for (size_t i = 0; i < all_shares.size(); ++i) {
    const auto& endpoint = cluster->endpoints[i];
    const auto family = routing::familyOf(endpoint.address.ip);
    const auto cluster_id = steering_.clusterId(*cluster, family);
    const auto id = steering_.endpointId(endpoint.address);
    if (!monitors.empty()) monitors[i]->setEndpoint(id);
    // Without numbers the broker would refuse it: a route of the connect path names the
    // clusters of its own family alone.
    if (!cluster_id || !id) continue;
    made.endpoints.push_back(
        {endpoint.address, id, cluster_id, monitors.empty() ? nullptr : monitors[i]});
    shares.push_back(all_shares[i]);
  }
  SLUICE_TRY(addSpread(made, shares));
  made.hash_key = destination.hashKey();
  SLUICE_TRY(addHashTable(made, shares));
  return made;
}

/// What of the cluster outlives the configuration. Answers a monitor for each endpoint; none
/// where nobody looks for outliers.
RouteMaker::Monitors RouteMaker::addStates(ProxyCluster& made) {
  const auto& policy = *made.cluster->settings;
  const auto name = routing::clusterName(*made.cluster);
  std::vector<SocketAddress> members;
  for (const auto& endpoint : made.cluster->endpoints) members.push_back(endpoint.address);
  if (policy.connection_pool)
    made.pool = std::make_shared<const proxy::ClusterPool>(
        proxy::PoolSettings::of(policy.connection_pool->value), states_.pools.of(name));
  if (const auto warmup = warmupOf(*made.cluster))
    made.warmup = states_.warmups.setMembers(name, *warmup, members);
  if (!policy.outlier_detection) return {};
  const auto settings = balance::OutlierSettings::of(policy.outlier_detection->value);
  made.outliers = states_.outliers.detector(name, settings);
  return made.outliers->setMembers(members);
}

/// The kernel's programs draw from the same for a cluster of one family.
Result<void> RouteMaker::addSpread(ProxyCluster& made, const std::vector<uint32_t>& shares) {
  const auto names = namesOf(made.endpoints);
  auto spread = keepsClients(made) ? balance::spreadByClient(balance::maglevMembers(names, shares))
                                   : balance::spreadOver(shares);
  if (!spread) return std::move(spread).error();
  made.even = spread->even;
  if (!spread->alike) made.choice = std::move(spread->slots);
  return {};
}

/// Whether the kernel's table had room for it: both spread the clients so, or neither does.
bool RouteMaker::keepsClients(const ProxyCluster& made) const {
  if (made.cluster->policy != routing::BalancePolicy::kClient) return false;
  std::map<uint32_t, size_t> members;
  for (const auto& endpoint : made.endpoints) ++members[endpoint.cluster.value];
  return balance::clientSlots(made.endpoints.size()) > 0 &&
         std::ranges::all_of(members, [&](const auto& family) {
           const auto [id, count] = family;
           return count < 2 || steering_.slotCount({id}) == balance::clientSlots(count);
         });
}

/// One for all destinations that mean the cluster. The ring hash is served by it, too.
Result<void> RouteMaker::addHashTable(ProxyCluster& made, const std::vector<uint32_t>& shares) {
  if (made.hash_key == nullptr || !routing::hashesTheRequest(*made.hash_key)) return {};
  if (std::ranges::all_of(shares, [](uint32_t share) { return share == 0; })) return {};
  const auto& maglev = made.hash_key->maglev;
  const auto size =
      static_cast<uint32_t>(maglev ? maglev->table_size.value_or(balance::MaglevTable::kDefaultSize)
                                   : balance::MaglevTable::kDefaultSize);
  auto& known = hash_tables_[{made.cluster.get(), size}];
  if (!known) {
    auto table = hashTable(made.endpoints, shares, size);
    if (!table) return std::move(table).error();
    known = *std::move(table);
  }
  made.by_hash = known;
  return {};
}

}  // namespace sluice::agent
