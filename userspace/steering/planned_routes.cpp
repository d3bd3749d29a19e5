// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/planned_routes.h"

namespace sluice::steering {
namespace {

using Keys = std::set<routing::ServiceKey>;
using Map = routing::ServiceRoutes::Map;

void addDifferences(const Map& before, const Map& after, Keys& keys) {
  forEachDifference(before, after,
                    [&](const auto& key, const auto*, const auto*) { keys.insert(key); });
}

/// All classes have the routes of class 0 in common.
void addDifferences(const routing::ServiceRoutes& before, const routing::ServiceRoutes& after,
                    ClientClass number, Keys& keys) {
  addDifferences(before.own(), after.own(), keys);
  if (!number) addDifferences(before.common(), after.common(), keys);
}

}  // namespace

PlannedRoutes routesOf(const routing::Routing& routing) {
  PlannedRoutes routes;
  for (const auto& [number, table] : routing.tables) routes.emplace(number, table.services);
  return routes;
}

std::set<routing::ServiceKey> changedServices(const PlannedRoutes& before,
                                              const routing::Routing& routing) {
  const routing::ServiceRoutes nothing;
  Keys keys;
  for (const auto& [number, table] : routing.tables) {
    const auto last = before.find(number);
    addDifferences(last == before.end() ? nothing : last->second, table.services, number, keys);
  }
  for (const auto& [number, last] : before)
    if (!routing.tables.contains(number)) addDifferences(last, nothing, number, keys);
  return keys;
}

}  // namespace sluice::steering
