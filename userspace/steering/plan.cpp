// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/plan.h"

#include <netinet/in.h>

#include <algorithm>
#include <iterator>

#include "userspace/balance/alias_table.h"
#include "userspace/balance/client_spread.h"
#include "userspace/balance/spread.h"
#include "userspace/steering/cluster_members.h"
#include "userspace/steering/names.h"
#include "userspace/steering/route_flags.h"
#include "userspace/steering/service_keys.h"

namespace sluice::steering {
namespace {

using routing::Cluster;
using routing::Family;
using routing::RouteTable;
using routing::ServiceRoute;

using ServiceRoutes = std::map<uint32_t, ServicePlan::Route>;  ///< by class

constexpr auto kFamilies = {Family::kV4, Family::kV6};

bool hasFamily(const Cluster& cluster, Family family) {
  return std::any_of(cluster.endpoints.begin(), cluster.endpoints.end(),
                     [&](const auto& e) { return routing::familyOf(e.address.ip) == family; });
}

/// Only the address that was called belongs to it.
bool isNowhere(const Cluster& cluster) { return cluster.passthrough && cluster.endpoints.empty(); }

endpoint endpointOf(const routing::ClusterEndpoint& member) {
  const auto& [ip, port] = member.address;
  endpoint value{};
  std::copy(ip.bytes.begin(), ip.bytes.end(), value.address);
  value.port = htons(port);
  value.flags = member.pod.empty() ? 0 : ENDPOINT_POD;
  return value;
}

/// A slot that always takes `id`.
alias_slot only(uint32_t id) { return {~uint64_t{0}, id, id}; }

/// Plans one service on one family. What it takes is its own until it is merged into the plan.
class ServicePlanner {
 public:
  ServicePlanner(const routing::Routing& routing, const PlanContext& context, Plan& plan,
                 Family family)
      : routing_(routing), context_(context), plan_(plan), family_(family) {}

  Result<void> plan(const std::string& name, ServiceRoutes routes, uint32_t free_keys) {
    service_.keys = keysOf(*routes.at(0), family_);
    if (service_.keys.size() > free_keys)
      return Error(Error::Code::kExhausted, "services: the table is full");
    SLUICE_TRY(take(NAME_SERVICE, name, service_.id));
    for (const auto& [number, route] : routes)
      SLUICE_TRY(planBinding(*route, routing_.tables.at({number}), name));
    service_.routes = std::move(routes);
    merge(name);
    return {};
  }

  /// Gives the slots back; the ids go with the book's rollback().
  void abandon() {
    for (const auto& [id, content] : clusters_)
      context_.cluster_slots.release(content.head.first_slot, CLUSTER_COUNT(content.head.shape));
    for (const auto& [id, content] : routes_)
      context_.route_slots.release(content.head.first_slot, content.head.slot_count);
  }

 private:
  Result<void> take(name_kind kind, const std::string& name, uint32_t& id) {
    auto taken = context_.book.acquire(kind, name);
    if (!taken.ok()) return std::move(taken).error();
    id = *taken;
    return {};
  }

  Result<void> planBinding(const ServiceRoute& route, const RouteTable& table,
                           const std::string& service_name) {
    const auto name = bindingName(service_name, table.class_name);
    uint32_t binding = 0;
    SLUICE_TRY(take(NAME_BINDING, name, binding));
    RouteContent content;
    SLUICE_TRY(describe(route, table.client_class, content));
    auto id = placeRoute(name, std::move(content));
    if (!id.ok()) return std::move(id).error();
    service_.bindings[table.client_class.value] = {binding, *id};
    return {};
  }

  Result<void> describe(const ServiceRoute& route, ClientClass client_class,
                        RouteContent& content) {
    content.head.service = service_.id;
    content.head.client_class = client_class.value;
    content.head.flags = drainFlags(route);
    // Without a key only the proxy finds it: by a range, a server name or a Host.
    const bool connects = !service_.keys.empty() || route.path == routing::Path::kPassthrough;
    switch (connects ? route.pathFor(family_) : routing::Path::kProxy) {
      case routing::Path::kConnect:
        content.head.via = ROUTE_VIA_ENDPOINT;
        return addWeightedClusters(route.connectDestinations(), content.slots);
      case routing::Path::kProxy:
        content.head.via = ROUTE_VIA_PROXY;
        return describeProxied(route, content);
      case routing::Path::kPassthrough:
        content.head.via = ROUTE_PASSTHROUGH;
        return {};
    }
    return {};
  }

  /// A destination that does not exist is cluster 0: it keeps its share, and the kernel refuses.
  Result<void> addWeightedClusters(const std::vector<routing::WeightedCluster>& destinations,
                                   std::vector<alias_slot>& slots) {
    std::vector<uint32_t> ids, weights;
    for (const auto& destination : destinations) {
      ids.push_back(0);
      weights.push_back(destination.weight);
      if (destination.cluster) SLUICE_TRY(placeCluster(*destination.cluster, family_, ids.back()));
    }
    auto table = balance::aliasTable(weights);
    if (!table.ok()) return std::move(table).error();
    for (auto slot : *table) slots.push_back({slot.threshold, ids[slot.own], ids[slot.alias]});
    return {};
  }

  /// The proxy reaches endpoints of both families, so it may use the clusters of both. The one of
  /// the called family is listed even while it is empty, so that endpoints may come and go.
  Result<void> describeProxied(const ServiceRoute& route, RouteContent& content) {
    std::set<uint32_t> ids;
    for (const auto* cluster : routing::clustersOf(route))
      for (const auto family : kFamilies) {
        if (isNowhere(*cluster)) continue;
        if (family != family_ && !hasFamily(*cluster, family)) continue;
        uint32_t id = 0;
        SLUICE_TRY(placeCluster(*cluster, family, id));
        ids.insert(id);
      }
    for (const auto id : ids) content.slots.push_back(only(id));
    if (route.plain && !isNowhere(*route.plain))
      SLUICE_TRY(placeCluster(*route.plain, family_, content.head.fallback));
    content.head.flags |= proxyFlags(route, routing_.agent);
    return {};
  }

  /// A route that means the same as the binding's last one keeps its id.
  Result<uint32_t> placeRoute(const std::string& name, RouteContent content) {
    const auto last = context_.contents.routes.find(context_.book.find(NAME_ROUTE, name));
    if (last != context_.contents.routes.end() && sameContent(last->second, content))
      return context_.book.acquire(NAME_ROUTE, name);
    auto id = context_.book.renew(NAME_ROUTE, name);
    if (!id.ok()) return id;
    content.head.slot_count = static_cast<uint32_t>(content.slots.size());
    const auto first = context_.route_slots.allocate(content.head.slot_count);
    if (!first) return Error(Error::Code::kExhausted, "route_slots: the table is full");
    content.head.first_slot = *first;
    routes_[*id] = std::move(content);
    return id;
  }

  Result<void> placeCluster(const Cluster& cluster, Family family, uint32_t& id) {
    service_.clusters.emplace(&cluster, family);
    if (const auto done = findPlaced(cluster, family)) {
      id = done;
      return {};
    }
    auto taken = takeCluster(clusterName(cluster, family), cluster.definition);
    if (!taken.ok()) return std::move(taken).error();
    id = *taken;
    SLUICE_TRY(placeMembers(id, cluster, family));
    definitions_[id] = cluster.definition;
    cluster_ids_[{&cluster, family}] = id;
    return {};
  }

  uint32_t findPlaced(const Cluster& cluster, Family family) const {
    const auto key = std::pair(&cluster, family);
    if (const auto own = cluster_ids_.find(key); own != cluster_ids_.end()) return own->second;
    const auto earlier = plan_.cluster_ids.find(key);
    return earlier == plan_.cluster_ids.end() ? 0 : earlier->second;
  }

  /// A cluster that is chosen by other labels than before is another cluster: routes that were
  /// made for the old meaning keep the old endpoints until they are replaced themselves.
  Result<uint32_t> takeCluster(const std::string& name, const std::string& definition) {
    const uint32_t last = context_.book.find(NAME_CLUSTER, name);
    const auto known = context_.definitions.find(last);
    if (known != context_.definitions.end() && known->second != definition)
      return context_.book.renew(NAME_CLUSTER, name);
    return context_.book.acquire(NAME_CLUSTER, name);
  }

  /// Endpoints that get nothing at present are members all the same: the proxy may need them when
  /// others fail. Where all of them have failed there are none.
  Result<ClusterMembers> membersOf(const Cluster& cluster, Family family) {
    ClusterMembers members;
    const auto all_shares = routing::sharesUnder(context_.health, cluster);
    for (size_t i = 0; i < all_shares.size(); ++i) {
      const auto& member = cluster.endpoints[i];
      if (routing::familyOf(member.address.ip) != family) continue;
      members.shares.push_back(all_shares[i]);
      members.names.push_back(member.address.text());
      SLUICE_TRY(take(NAME_ENDPOINT, members.names.back(), members.ids.emplace_back()));
      if (!context_.contents.exists(members.ids.back()))
        endpoints_[members.ids.back()] = endpointOf(member);
    }
    return members;
  }

  Result<void> placeMembers(uint32_t id, const Cluster& cluster, Family family) {
    const auto members = membersOf(cluster, family);
    if (!members.ok()) return members.error();
    if (clusters_.contains(id) || plan_.clusters.contains(id)) return {};
    if (cluster.policy == routing::BalancePolicy::kClient &&
        balance::clientSlots(members->ids.size()) > 0) {
      auto spread =
          balance::spreadByClient(balance::maglevMembers(members->names, members->shares));
      if (!spread.ok()) return std::move(spread).error();
      if (placeSlots(id, contentOf(cluster.policy, *members, *spread),
                     context_.cluster_slots.size() / 2))
        return {};
    }
    auto spread = balance::spreadOver(members->shares);
    if (!spread.ok()) return std::move(spread).error();
    if (!placeSlots(id, contentOf(cluster.policy, *members, *spread), 0))
      return Error(Error::Code::kExhausted, "cluster_slots: the table is full");
    return {};
  }

  /// Whether there was room that leaves at least `spare` slots free for others; what the cluster
  /// has already needs none.
  bool placeSlots(uint32_t id, ClusterContent content, uint32_t spare) {
    const auto last = context_.contents.clusters.find(id);
    if (last != context_.contents.clusters.end() && sameContent(last->second, content)) return true;
    const uint32_t count = CLUSTER_COUNT(content.head.shape);
    if (uint64_t{count} + spare > context_.cluster_slots.left()) return false;
    const auto first = context_.cluster_slots.allocate(count);
    if (!first) return false;
    content.head.first_slot = *first;
    clusters_[id] = std::move(content);
    return true;
  }

  void merge(const std::string& name) {
    plan_.services[name] = std::make_shared<const ServicePlan>(std::move(service_));
    plan_.endpoints.merge(endpoints_);
    plan_.clusters.merge(clusters_);
    plan_.routes.merge(routes_);
    plan_.definitions.merge(definitions_);
    plan_.cluster_ids.merge(cluster_ids_);
  }

  const routing::Routing& routing_;
  const PlanContext& context_;
  Plan& plan_;
  Family family_;

  ServicePlan service_;
  decltype(Plan::endpoints) endpoints_;
  decltype(Plan::clusters) clusters_;
  decltype(Plan::routes) routes_;
  decltype(Plan::definitions) definitions_;
  decltype(Plan::cluster_ids) cluster_ids_;
};

/// Plans each service that has changed, and finds those that have gone.
class Planner {
 public:
  Planner(const routing::Routing& routing, const PlanContext& context)
      : routing_(routing), context_(context), key_count_(context.planned_keys) {}

  Plan run() && {
    if (!context_.planned_routes) removeUnknown();
    for (const auto& key : servicesToConsider())
      for (const auto family : kFamilies) consider(key, family);
    return std::move(plan_);
  }

 private:
  std::set<routing::ServiceKey> servicesToConsider() const {
    const PlannedRoutes nothing;
    auto keys =
        changedServices(context_.planned_routes ? *context_.planned_routes : nothing, routing_);
    keys.insert(context_.refused.begin(), context_.refused.end());
    if (context_.changed_clusters.empty()) return keys;
    for (const auto& [name, service] : context_.planned)
      if (isOtherwise(*service)) keys.insert(service->routes.begin()->second->service);
    return keys;
  }

  /// Whether the health of a cluster of it is not what it was planned for.
  bool isOtherwise(const ServicePlan& service) const {
    return std::ranges::any_of(service.routes, [&](const auto& route) {
      return routing::usesAny(*route.second, context_.changed_clusters);
    });
  }

  /// Services that nobody names any more.
  void removeUnknown() {
    std::set<std::string> known;
    if (const auto common = routing_.tables.find({}); common != routing_.tables.end())
      for (const auto& [key, route] : common->second.services)
        for (const auto family : kFamilies) known.insert(serviceName(key, family));
    for (const auto& [name, service] : context_.planned)
      if (!known.contains(name)) remove(name, *service);
  }

  bool isWanted(const ServiceRoute& common, Family family) const {
    return !keysOf(common, family).empty() || (family == Family::kV4 && isFoundByProxy(common));
  }

  /// Has no address of its own, and is not left alone by everybody. One family stands for both.
  bool isFoundByProxy(const ServiceRoute& common) const {
    return common.vips.empty() && common.service.host != routing::kAnyHost &&
           std::ranges::any_of(routing_.tables, [&](const auto& table) {
             const auto& route = table.second.services.at(common.service);
             return route->path != routing::Path::kPassthrough;
           });
  }

  void remove(const std::string& name, const ServicePlan& service) {
    plan_.removed.insert(name);
    key_count_ -= service.keys.size();
  }

  void consider(const routing::ServiceKey& key, Family family) {
    const auto common = routing_.tables.find({});
    const auto* route =
        common == routing_.tables.end() ? nullptr : common->second.services.find(key);
    const auto name = serviceName(key, family);
    if (route && isWanted(**route, family)) return plan(name, key, family);
    if (const auto last = context_.planned.find(name); last != context_.planned.end())
      remove(name, *last->second);
  }

  /// What the same routes gave before is left as it is.
  void plan(const std::string& name, const routing::ServiceKey& key, Family family) {
    auto routes = routesOf(key);
    const auto last = context_.planned.find(name);
    const bool known = last != context_.planned.end();
    if (known && last->second->routes == routes && !isOtherwise(*last->second)) return;
    const auto old_keys = known ? last->second->keys.size() : 0;
    const auto room =
        context_.service_limit - std::min<size_t>(context_.service_limit, key_count_ - old_keys);
    const auto mark = context_.book.mark();
    ServicePlanner planner(routing_, context_, plan_, family);
    auto planned = planner.plan(name, std::move(routes), static_cast<uint32_t>(room));
    if (!planned.ok()) {
      planner.abandon();
      context_.book.rollback(mark);
      plan_.refused_services.insert(key);
      return refuse(name, key, std::move(planned).error());
    }
    key_count_ += plan_.services.at(name)->keys.size();
    key_count_ -= old_keys;
  }

  /// The service keeps what it has, if it has something, and is planned again next time.
  void refuse(const std::string& name, const routing::ServiceKey& key, Error error) {
    plan_.refused.push_back({name, std::move(error), key});
    const auto last = context_.planned.find(name);
    if (last == context_.planned.end()) return;
    auto kept = std::make_shared<ServicePlan>(*last->second);
    // The clusters are looked up by address; those of routes that are let go may be anybody's.
    kept->routes.clear();
    kept->clusters.clear();
    plan_.services[name] = std::move(kept);
  }

  ServiceRoutes routesOf(const routing::ServiceKey& key) const {
    const auto& common = routing_.tables.at({}).services.at(key);
    ServiceRoutes routes{{0, common}};
    for (const auto& [number, table] : routing_.tables)
      if (const auto* own = table.services.own().get(key); own && *own != common)
        routes.emplace(number.value, *own);
    return routes;
  }

  const routing::Routing& routing_;
  const PlanContext& context_;
  Plan plan_;
  size_t key_count_;
};

}  // namespace

Plan makePlan(const routing::Routing& routing, const PlanContext& context) {
  return Planner(routing, context).run();
}

}  // namespace sluice::steering
