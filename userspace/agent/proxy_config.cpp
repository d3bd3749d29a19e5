// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/proxy_config.h"

#include <algorithm>
#include <unordered_map>

#include "userspace/balance/alias_table.h"
#include "userspace/balance/maglev.h"
#include "userspace/balance/spread.h"
#include "userspace/routing/matcher_pool.h"
#include "userspace/routing/policy.h"
#include "userspace/routing/policy_reasons.h"
#include "userspace/steering/workload_id.h"

namespace sluice::agent {
namespace {

using proxy::ProxyCluster;
using proxy::ProxyConfig;
using proxy::ProxyRoute;
using proxy::ProxyRule;
using routing::Family;
using routing::ServiceRoute;

Result<std::shared_ptr<const balance::MaglevTable>> hashTable(
    const std::vector<proxy::ProxyEndpoint>& endpoints, const std::vector<uint32_t>& shares,
    uint32_t size) {
  std::vector<std::string> names;
  names.reserve(endpoints.size());
  std::vector<balance::MaglevMember> members;
  for (size_t i = 0; i < endpoints.size(); ++i)
    members.push_back({names.emplace_back(endpoints[i].address.text()), shares[i]});
  auto table = balance::MaglevTable::of(members, size);
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

/// Builds one configuration. Matchers are shared by what shares a route, the families of a service
/// and the classes that see it alike, and by routes whose rules ask for the same.
class Builder {
 public:
  Builder(const std::shared_ptr<const routing::Routing>& routing,
          const steering::Steering& steering, const routing::Health& health, ClusterStates& states,
          const ProxyConfig& previous)
      : routing_(routing),
        steering_(steering),
        states_(states),
        previous_(previous),
        changed_clusters_(routing::changedClusters(previous.health, health)) {
    config_->revision = routing->revision;
    config_->routing = routing;
    config_->health = health;
    config_->envoy_habits = routing->agent.http_mode == AgentSettings::HttpMode::kIstio;
    if (const auto& retries = routing->agent.default_http_retry_policy)
      config_->retries = proxy::RetryPolicy::of(*retries);
  }

  Result<std::shared_ptr<const ProxyConfig>> build() {
    for (const auto& [key, client_class] : routing_->workload_class)
      config_->workloads[steering::workloadId(key)] = client_class;
    for (const auto& [client_class, table] : routing_->tables) {
      for (const auto& [service, route] : table.services)
        for (const auto family : {Family::kV4, Family::kV6})
          SLUICE_TRY(addRoute(client_class, route, family));
      addHosts(client_class, table);
      addRanges(client_class, table);
    }
    return std::shared_ptr<const ProxyConfig>(std::move(config_));
  }

 private:
  void addHosts(ClientClass client_class, const routing::RouteTable& table) {
    const bool registry_only = table.outbound_mode == Sidecar::OutboundMode::kRegistryOnly;
    for (const auto& [port, names] : table.virtual_hosts)
      config_->hosts[{client_class, port}] = {&names, registry_only};
  }

  void addRanges(ClientClass client_class, const routing::RouteTable& table) {
    for (const auto& range : table.ranges)
      config_->ranges[{client_class, range.port}].push_back(
          {&range, anyFamily(client_class, *range.route)});
  }

  /// A service without an address of its own has one route for both.
  std::shared_ptr<const ProxyRoute> anyFamily(ClientClass client_class,
                                              const ServiceRoute& route) const {
    for (const auto family : {Family::kV4, Family::kV6})
      if (const auto found = config_->by_host.find({client_class, &route, family});
          found != config_->by_host.end())
        return found->second;
    return nullptr;
  }

  Result<void> addRoute(ClientClass client_class, const std::shared_ptr<const ServiceRoute>& route,
                        Family family) {
    const auto placement = steering_.placement(route->service, client_class, family);
    if (!placement) return {};
    if (auto kept = keptRoute(client_class, route, family, *placement)) {
      take(client_class, *placement, family, std::move(kept));
      return {};
    }
    auto matcher = matcherOf(client_class, route);
    if (!matcher) return std::move(matcher).error();
    auto made = std::make_shared<ProxyRoute>();
    made->id = placement->route;
    made->binding = placement->binding;
    made->needs_origin = route->needsOrigin();
    made->route = route;
    made->matcher = *std::move(matcher);
    for (const auto& rule : route->rules) {
      auto proxy_rule = makeRule(rule, route->service.port);
      if (!proxy_rule) return std::move(proxy_rule).error();
      made->rules.push_back(*std::move(proxy_rule));
    }
    SLUICE_TRY(addPlain(*made));
    SLUICE_TRY(addL4Rules(*made));
    take(client_class, *placement, family, std::move(made));
    return {};
  }

  void take(ClientClass client_class, const steering::Placement& placement, Family family,
            std::shared_ptr<const ProxyRoute> route) {
    config_->by_host[{client_class, route->route.get(), family}] = route;
    config_->routes[{placement.service, client_class}] = std::move(route);
  }

  /// Null when the route is another than before, or has other numbers. A route in the kernel's
  /// tables that keeps its number has its clusters and endpoints under theirs, too.
  std::shared_ptr<const ProxyRoute> keptRoute(ClientClass client_class,
                                              const std::shared_ptr<const ServiceRoute>& route,
                                              Family family,
                                              const steering::Placement& placement) const {
    const auto found = previous_.by_host.find({client_class, route.get(), family});
    if (found == previous_.by_host.end()) return nullptr;
    const auto& known = found->second;
    const bool same = known->route == route && known->id == placement.route &&
                      known->binding == placement.binding &&
                      !routing::usesAny(*route, changed_clusters_);
    return same ? known : nullptr;
  }

  /// Its cluster is the route's fallback in the kernel's tables, so that the broker allows it.
  Result<void> addPlain(ProxyRoute& route) {
    route.plain_rule.index = -1;
    route.plain.rule = &route.plain_rule;
    auto cluster = makeCluster({.key = {}, .cluster = route.route->plain});
    if (!cluster) return std::move(cluster).error();
    route.plain.destinations.push_back(*std::move(cluster));
    route.plain.choice = {alias_slot{.threshold = UINT64_MAX, .own = 0, .alias = 0}};
    return {};
  }

  Result<void> addL4Rules(ProxyRoute& route) {
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

  Result<std::shared_ptr<const routing::Matcher>> matcherOf(
      ClientClass client_class, const std::shared_ptr<const ServiceRoute>& route) {
    auto& known = matchers_[route.get()];
    if (!known) known = keptMatcher(client_class, route);
    if (known) return known;
    auto compiled = pool_.matcherFor(route->rules);
    if (!compiled)
      return std::move(compiled).error().in("compile the rules of " + route->service.text());
    known = *std::move(compiled);
    return known;
  }

  /// Of the very same route, which something else has changed about.
  std::shared_ptr<const routing::Matcher> keptMatcher(
      ClientClass client_class, const std::shared_ptr<const ServiceRoute>& route) const {
    for (const auto family : {Family::kV4, Family::kV6}) {
      const auto found = previous_.by_host.find({client_class, route.get(), family});
      if (found != previous_.by_host.end() && found->second->route == route)
        return found->second->matcher;
    }
    return nullptr;
  }

  Result<ProxyRule> makeRule(const routing::Rule& rule, uint16_t port) {
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
      made.destinations.back().edits = proxy::DestinationEdits::of(rule, destination.headers);
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

  Result<ProxyCluster> makeCluster(const routing::WeightedCluster& destination) {
    ProxyCluster made;
    const auto& cluster = destination.cluster;
    if (!cluster || routing::whyNothingIsSent(*cluster->settings)) return made;
    made.cluster = cluster;
    made.version = proxy::upstreamVersion(*cluster);
    const auto monitors = addStates(made);
    // None where all have failed: then there is nobody.
    const auto all_shares = routing::sharesUnder(config_->health, *cluster);
    std::vector<uint32_t> shares;
    for (size_t i = 0; i < all_shares.size(); ++i) {
      const auto& endpoint = cluster->endpoints[i];
      const auto family = routing::familyOf(endpoint.address.ip);
      const auto cluster_id = steering_.clusterId(*cluster, family);
      const auto id = steering_.endpointId(endpoint.address);
      // Without numbers the broker would refuse it: a route of the connect path names the
      // clusters of its own family alone.
      if (!cluster_id || !id) continue;
      made.endpoints.push_back(
          {endpoint.address, id, cluster_id, monitors.empty() ? nullptr : monitors[i]});
      shares.push_back(all_shares[i]);
    }
    auto spread = balance::spreadOver(shares);
    if (!spread) return std::move(spread).error();
    made.even = spread->even;
    if (!spread->alike) made.choice = std::move(spread->slots);
    made.hash_key = destination.hashKey();
    SLUICE_TRY(addHashTable(made, shares));
    return made;
  }

  /// What of the cluster outlives the configuration. Answers a monitor for each endpoint; none
  /// where nobody looks for outliers.
  std::vector<std::shared_ptr<balance::OutlierMonitor>> addStates(ProxyCluster& made) {
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

  /// One for all destinations that mean the cluster. The ring hash is served by it, too.
  Result<void> addHashTable(ProxyCluster& made, const std::vector<uint32_t>& shares) {
    if (made.hash_key == nullptr || !routing::hashesTheRequest(*made.hash_key)) return {};
    if (std::ranges::all_of(shares, [](uint32_t share) { return share == 0; })) return {};
    const auto& maglev = made.hash_key->maglev;
    const auto size = static_cast<uint32_t>(
        maglev ? maglev->table_size.value_or(balance::MaglevTable::kDefaultSize)
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

  std::shared_ptr<const routing::Routing> routing_;
  const steering::Steering& steering_;
  ClusterStates& states_;
  const ProxyConfig& previous_;
  const std::set<std::string> changed_clusters_;  ///< whose health was another
  std::shared_ptr<ProxyConfig> config_ = std::make_shared<ProxyConfig>();
  std::unordered_map<const ServiceRoute*, std::shared_ptr<const routing::Matcher>> matchers_;
  routing::MatcherPool pool_;
  std::map<std::pair<const routing::Cluster*, uint32_t>,
           std::shared_ptr<const balance::MaglevTable>>
      hash_tables_;  ///< by size
};

/// The names of hosts lead to the new routes' objects, of which there is none for `route`.
void keepHost(const ProxyConfig::HostKey& key, const std::shared_ptr<const ProxyRoute>& route,
              ProxyConfig& config) {
  if (!config.routing) return;
  const auto& [client_class, old, family] = key;
  const auto table = config.routing->tables.find(client_class);
  if (table == config.routing->tables.end()) return;
  if (const auto* service = table->second.services.find(route->route->service))
    config.by_host.emplace(ProxyConfig::HostKey{client_class, service->get(), family}, route);
}

/// Refusals name a service and a family, "host:port/v4".
bool isRefused(const routing::ServiceKey& service, const std::vector<steering::Refusal>& refused) {
  const std::string prefix = service.text() + "/";
  return std::ranges::any_of(
      refused, [&](const auto& refusal) { return refusal.service.starts_with(prefix); });
}

}  // namespace

std::shared_ptr<const ProxyConfig> keepRefused(std::shared_ptr<const ProxyConfig> config,
                                               const ProxyConfig& previous,
                                               const std::vector<steering::Refusal>& refused) {
  if (refused.empty()) return config;
  auto merged = std::make_shared<ProxyConfig>(*config);
  for (const auto& [key, route] : previous.routes)
    if (isRefused(route->route->service, refused)) merged->routes.emplace(key, route);
  for (const auto& [key, route] : previous.by_host)
    if (isRefused(route->route->service, refused)) keepHost(key, route, *merged);
  return merged;
}

Result<std::shared_ptr<const ProxyConfig>> makeProxyConfig(
    const std::shared_ptr<const routing::Routing>& routing, const steering::Steering& steering,
    const routing::Health& health, ClusterStates& states, const ProxyConfig& previous) {
  return Builder(routing, steering, health, states, previous).build();
}

}  // namespace sluice::agent
