// SPDX-License-Identifier: Apache-2.0
// Whether the kernel's tables can hold what the rules amount to, and what is refused before that.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "userspace/analysis/checks.h"
#include "userspace/balance/client_spread.h"
#include "userspace/model/address.h"
#include "userspace/routing/admission.h"

namespace sluice::analysis {
namespace {

/// How many entries the tables need, by name.
struct Need {
  const char* table;
  size_t entries;
  size_t capacity;
};

/// The clusters of a route; routes of several clients share theirs.
void collect(const routing::ServiceRoute& route, std::set<const routing::Cluster*>& clusters) {
  clusters.insert(route.plain.get());
  for (const auto& rule : *route.rules) {
    for (const auto& destination : rule.destinations) clusters.insert(destination.cluster.get());
  }
  clusters.erase(nullptr);
}

/// What a cluster takes of `cluster_slots` beside one for each endpoint.
size_t slotsBeside(const routing::Cluster& cluster) {
  if (cluster.policy != routing::BalancePolicy::kClient) return 0;
  const auto v4 = static_cast<size_t>(std::ranges::count_if(
      cluster.endpoints, [](const auto& endpoint) { return endpoint.address.ip.isV4(); }));
  const auto v6 = cluster.endpoints.size() - v4;
  return balance::clientSlots(v4) + balance::clientSlots(v6);
}

std::vector<Need> needsOf(const routing::Routing& routing, const TableSizes& sizes) {
  std::set<SocketAddress> services;
  std::set<const routing::ServiceRoute*> routes;
  std::set<const routing::Cluster*> clusters;
  for (const auto& [client_class, table] : routing.tables) {
    for (const auto& [key, route] : table.services) {
      for (const IpAddress& vip : route->vips) services.insert({vip, key.port});
      if (routes.insert(route.get()).second) collect(*route, clusters);
    }
  }
  size_t endpoints = 0;
  size_t tables = 0;
  for (const auto* cluster : clusters) {
    endpoints += cluster->endpoints.size();
    tables += slotsBeside(*cluster);
  }
  // Tables that keep clients in their places give way before they take more than half.
  const size_t slots = endpoints + std::min(tables, sizes.cluster_slots / 2);
  return {{"services", services.size(), sizes.services},
          {"routes", routes.size(), sizes.routes},
          {"clusters", clusters.size(), sizes.clusters},
          {"endpoints", endpoints, sizes.endpoints},
          {"slots of clusters", slots, sizes.cluster_slots}};
}

/// Resources by the names that refusals have.
class Names {
 public:
  explicit Names(const Snapshot& snapshot) {
    add(snapshot.virtual_services);
    add(snapshot.services);
    add(snapshot.service_entries);
  }
  Subject find(const std::string& name) const { return subjects_.at(name); }

 private:
  template <typename T>
  void add(const Snapshot::List<T>& list) {
    for (const auto& resource : list) {
      const auto subject = subjectOf(*resource);
      subjects_.emplace(subject.text(), subject);
    }
  }

  std::map<std::string, Subject> subjects_;
};

}  // namespace

void checkProducts(const Mesh& mesh, Report& report) {
  const auto held = routing::Admission().update(mesh.input().snapshot).held;
  if (held.empty()) return;
  const Names names(mesh.inForce());
  for (const auto& refused : held)
    report.add({code::kProduct, names.find(refused.resource), {}, refused.why});
}

void checkCapacity(const Mesh& mesh, Report& report) {
  for (const Need& need : needsOf(mesh.routing(), mesh.input().tables)) {
    const bool over = need.entries > need.capacity;
    if (!over && need.entries * 5 <= need.capacity * 4) continue;
    report.add({over ? code::kOverCapacity : code::kNearCapacity,
                subjectOfNone(),
                {},
                fmt::format("{} {} of at most {}", need.entries, need.table, need.capacity)});
  }
}

}  // namespace sluice::analysis
