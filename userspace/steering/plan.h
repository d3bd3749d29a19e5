// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "userspace/model/ids.h"
#include "userspace/routing/health.h"
#include "userspace/routing/route_table.h"
#include "userspace/steering/contents.h"
#include "userspace/steering/planned_routes.h"
#include "userspace/steering/range_allocator.h"

namespace sluice::steering {

/// The numbers of a service as one class of clients calls it on one address family.
struct Placement {
  ServiceId service;
  BindingId binding;
  RouteId route;
};

/// A service that did not fit; it keeps its last good route, or stays unsteered.
struct Refusal {
  std::string service;  ///< "product-api.default.svc.cluster.local:80/v4"
  Error error;          ///< names the table that is full
  routing::ServiceKey key = {};
};

/// One service on one address family.
struct ServicePlan {
  using Route = std::shared_ptr<const routing::ServiceRoute>;

  uint32_t id = 0;
  std::vector<service_key> keys;
  std::map<uint32_t, std::pair<uint32_t, uint32_t>> bindings;  ///< class -> binding, route
  /// What it was made from, by class; classes that see the service as class 0 does are left out.
  /// Empty: not by this process, so that nothing is known of it.
  std::map<uint32_t, Route> routes;
  /// That it uses; `routes` keeps them.
  std::set<std::pair<const routing::Cluster*, routing::Family>> clusters;
};

/// By name. What is planned and what is published share the plans in which they agree.
using ServicePlans = std::map<std::string, std::shared_ptr<const ServicePlan>>;

/// What the tables shall hold, as far as it differs from what was planned before.
struct Plan {
  ServicePlans services;
  std::set<std::string> removed;  ///< names of services that are no more
  std::map<uint32_t, endpoint> endpoints;
  std::map<uint32_t, ClusterContent> clusters;
  std::map<uint32_t, RouteContent> routes;
  std::map<uint32_t, std::string> definitions;  ///< of clusters that were planned
  std::map<std::pair<const routing::Cluster*, routing::Family>, uint32_t> cluster_ids;
  std::vector<Refusal> refused;
  std::set<routing::ServiceKey> refused_services;
};

/// What planning goes by and takes from.
struct PlanContext {
  const ServicePlans& planned;  ///< services as they were planned last
  size_t planned_keys;          ///< of all of them together
  /// What `planned` was made from; null when that is not known, so that every service is looked at.
  const PlannedRoutes* planned_routes;
  const std::set<routing::ServiceKey>& refused;  ///< last time; they are tried again
  const routing::Health& health;
  const std::set<std::string>& changed_clusters;  ///< whose health is not what was planned
  const Contents& contents;
  const std::map<uint32_t, std::string>& definitions;  ///< of the clusters in `contents`
  IdBook& book;
  RangeAllocator& route_slots;
  RangeAllocator& cluster_slots;
  uint32_t service_limit;  ///< entries of `services`
};

/// Plans what of `routing` is not what it was planned from before; costs what has changed. Writes
/// nothing; takes ids and ranges, and gives those of refused services back.
Plan makePlan(const routing::Routing& routing, const PlanContext& context);

}  // namespace sluice::steering
