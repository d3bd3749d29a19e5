// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/proxy_config.h"

#include <set>
#include <string>

#include "userspace/agent/route_maker.h"
#include "userspace/routing/policy_reasons.h"
#include "userspace/steering/workload_id.h"

namespace sluice::agent {
namespace {

using proxy::ProxyConfig;
using proxy::ProxyRoute;
using routing::Family;
using routing::ServiceRoute;

/// Names of the clusters of `previous` that are others now, without that a resource says so: their
/// endpoints' health is another, or their policy's files.
std::set<std::string> clustersChangedSince(const ProxyConfig& previous,
                                           const routing::Health& health,
                                           const tls::Clients& clients) {
  auto changed = routing::changedClusters(previous.health, health);
  if (clients.generation() == previous.tls_generation) return changed;
  for (const auto& [key, route] : previous.by_host)
    for (const auto* cluster : routing::clustersOf(*route->route)) {
      const auto* encryption = routing::encryption(*cluster->settings);
      if (encryption != nullptr && clients.changedSince(previous.tls_generation, *encryption))
        changed.insert(routing::clusterName(*cluster));
    }
  return changed;
}

/// Brings a configuration from the routing that it was made of to the next.
class Update {
 public:
  Update(const std::shared_ptr<const routing::Routing>& routing, const steering::Steering& steering,
         const routing::Health& health, ClusterStates& states, const ProxyConfig& previous)
      : routing_(*routing),
        steering_(steering),
        previous_(previous),
        changed_clusters_(clustersChangedSince(previous, health, states.tls)),
        maker_(steering, config_->health, states, previous) {
    config_->revision = routing->revision;
    config_->routing = routing;
    config_->health = health;
    config_->tls_generation = states.tls.generation();
    config_->envoy_habits = routing->agent.http_mode == AgentSettings::HttpMode::kIstio;
    config_->added_headers = AddedHeaders::of(routing->agent);
    config_->refuses_http10 = routing->agent.http10 == AgentSettings::Http10::kRefuse;
    config_->largest_request_body =
        routing->agent.max_request_body_bytes.value_or(config_->largest_request_body);
    if (const auto& retries = routing->agent.default_http_retry_policy)
      config_->retries = proxy::RetryPolicy::of(*retries);
  }

  Result<std::shared_ptr<const ProxyConfig>> run() {
    for (const auto& key : changedServices()) {
      drop(key);
      SLUICE_TRY(add(key));
    }
    for (const auto& [key, client_class] : routing_.workload_class)
      config_->workloads[steering::workloadId(key)] = {client_class, key.substr(key.find('/') + 1)};
    for (const auto& [client_class, table] : routing_.tables) {
      addHosts(client_class, table);
      addRanges(client_class, table);
    }
    return std::shared_ptr<const ProxyConfig>(std::move(config_));
  }

 private:
  /// Starts with what stays. The settings of the agent are in the kernel's routes and in none of
  /// the objects that are compared.
  std::set<routing::ServiceKey> changedServices() {
    const auto& last = previous_.routing;
    if (!last || last->agent != routing_.agent)
      return steering::changedServices(steering::PlannedRoutes(), routing_);
    config_->routes = previous_.routes;
    config_->by_host = previous_.by_host;
    auto changed = steering::changedServices(steering::routesOf(*last), routing_);
    changed.insert(previous_.refused.begin(), previous_.refused.end());
    addOfOtherHealth(changed);
    return changed;
  }

  /// Services that may send something to clusters that are others.
  void addOfOtherHealth(std::set<routing::ServiceKey>& changed) const {
    if (changed_clusters_.empty()) return;
    for (const auto& [key, route] : config_->routes)
      if (routing::usesAny(*route->route, changed_clusters_)) changed.insert(route->route->service);
  }

  /// Calls visit(class, route) for class 0 and those that do not see what class 0 does.
  template <typename Visit>
  static void forEachRoute(const routing::Routing& routing, const routing::ServiceKey& key,
                           const Visit& visit) {
    for (const auto& [client_class, table] : routing.tables) {
      const auto& services = table.services;
      const auto* route = client_class ? services.own().get(key) : services.find(key);
      if (route != nullptr) visit(client_class, *route);
    }
  }

  void drop(const routing::ServiceKey& key) {
    if (!previous_.routing) return;
    forEachRoute(*previous_.routing, key, [this](ClientClass, const auto& route) {
      for (const auto family : kFamilies) dropRoute({route.get(), family});
    });
  }

  /// And those of other classes, which may have been kept from an earlier routing.
  void dropRoute(const ProxyConfig::HostKey& key) {
    const auto* known = config_->by_host.get(key);
    if (known == nullptr) return;
    const auto service = (*known)->service;
    config_->by_host.erase(key);
    auto& routes = config_->routes;
    for (auto at = routes.lower_bound(std::pair(service, ClientClass{}));
         at != routes.end() && at->first.first == service;
         at = routes.lower_bound(std::pair(service, ClientClass{})))
      routes.erase(std::pair(at->first));
  }

  Result<void> add(const routing::ServiceKey& key) {
    Result<void> added;
    forEachRoute(routing_, key, [&](ClientClass client_class, const auto& route) {
      if (added) added = addRoute(client_class, route);
    });
    return added;
  }

  Result<void> addRoute(ClientClass client_class,
                        const std::shared_ptr<const ServiceRoute>& route) {
    for (const auto family : kFamilies) {
      const auto placement = steering_.placement(route->service, client_class, family);
      if (!placement) continue;
      const ProxyConfig::HostKey key{route.get(), family};
      auto kept = keptRoute(key, *placement);
      if (!kept) {
        auto made = maker_.make(route, family, *placement);
        if (!made) return std::move(made).error();
        kept = *std::move(made);
      }
      config_->routes.set({placement->service, client_class}, kept);
      config_->by_host.set(key, std::move(kept));
    }
    return {};
  }

  /// Null when the route is another than before, or has other numbers. A route in the kernel's
  /// tables that keeps its number has its clusters and endpoints under theirs, too.
  std::shared_ptr<const ProxyRoute> keptRoute(const ProxyConfig::HostKey& key,
                                              const steering::Placement& placement) const {
    const auto* found = previous_.by_host.get(key);
    if (found == nullptr) return nullptr;
    const auto& known = **found;
    const bool same = known.route.get() == key.first && known.service == placement.service &&
                      known.id == placement.route && known.binding == placement.binding &&
                      !routing::usesAny(*known.route, changed_clusters_);
    return same ? *found : nullptr;
  }

  void addHosts(ClientClass client_class, const routing::RouteTable& table) {
    const bool registry_only = table.outbound_mode == Sidecar::OutboundMode::kRegistryOnly;
    for (const auto& [port, names] : table.virtual_hosts)
      config_->hosts[{client_class, port}] = {&names, registry_only};
  }

  void addRanges(ClientClass client_class, const routing::RouteTable& table) {
    for (const auto& range : table.ranges)
      config_->ranges[{client_class, range.port}].push_back({&range, anyFamily(*range.route)});
  }

  /// A service without an address of its own has one route for both.
  std::shared_ptr<const ProxyRoute> anyFamily(const ServiceRoute& route) const {
    for (const auto family : kFamilies)
      if (const auto* found = config_->by_host.get(ProxyConfig::HostKey{&route, family}))
        return *found;
    return nullptr;
  }

  static constexpr auto kFamilies = {Family::kV4, Family::kV6};

  const routing::Routing& routing_;
  const steering::Steering& steering_;
  const ProxyConfig& previous_;
  const std::set<std::string> changed_clusters_;  ///< for no resource's sake
  std::shared_ptr<ProxyConfig> config_ = std::make_shared<ProxyConfig>();
  RouteMaker maker_;
};

/// The names of hosts lead to the new routes' objects, of which there is none for `route`.
void keepHost(ClientClass client_class, const std::shared_ptr<const ProxyRoute>& route,
              ProxyConfig& config) {
  if (!config.routing) return;
  const auto table = config.routing->tables.find(client_class);
  if (table == config.routing->tables.end()) return;
  const auto* service = table->second.services.find(route->route->service);
  if (service == nullptr) return;
  const ProxyConfig::HostKey key{service->get(), route->family};
  if (!config.by_host.contains(key)) config.by_host.set(key, route);
}

}  // namespace

std::shared_ptr<const ProxyConfig> keepRefused(std::shared_ptr<const ProxyConfig> config,
                                               const ProxyConfig& previous,
                                               const std::vector<steering::Refusal>& refused) {
  if (refused.empty()) return config;
  auto merged = std::make_shared<ProxyConfig>(*config);
  for (const auto& refusal : refused) merged->refused.insert(refusal.key);
  for (const auto& [key, route] : previous.routes) {
    if (!merged->refused.contains(route->route->service) || merged->routes.contains(key)) continue;
    merged->routes.set(key, route);
    keepHost(key.second, route, *merged);
  }
  return merged;
}

Result<std::shared_ptr<const ProxyConfig>> makeProxyConfig(
    const std::shared_ptr<const routing::Routing>& routing, const steering::Steering& steering,
    const routing::Health& health, ClusterStates& states, const ProxyConfig& previous) {
  return Update(routing, steering, health, states, previous).run();
}

}  // namespace sluice::agent
