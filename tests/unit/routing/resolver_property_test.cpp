// SPDX-License-Identifier: Apache-2.0
// Whatever changes, and in whatever order: what is kept in step is what is made of the final state
// at once.
#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/routing/random_steps.h"
#include "tests/unit/routing/same_routing.h"
#include "userspace/routing/compile.h"
#include "userspace/routing/locate.h"
#include "userspace/routing/port_routes.h"
#include "userspace/routing/resolver.h"

namespace sluice::routing {
namespace {

using test::RandomMesh;
using test::RoutingDifference;
using test::Steps;

/// What is class 0's is not kept twice, and any other route that is what it was is the object that
/// it was.
std::string notShared(const Routing& before, const Routing& after) {
  for (const auto& [number, table] : after.tables) {
    for (const auto& [key, route] : table.services.own())
      if (*route == **table.services.common().get(key)) return "own route of " + key.text();
    const auto last = before.tables.find(number);
    if (last == before.tables.end()) continue;
    for (const auto& [key, route] : number ? table.services.own() : table.services.common()) {
      const auto* was = last->second.services.find(key);
      if (was && *was != route && **was == *route) return "another object for " + key.text();
    }
  }
  return "";
}

/// What each workload gets is what is compiled for it alone, whoever else is taken to be alike.
std::string notForItself(const Snapshot& snapshot, const Routing& routing) {
  Catalog catalog(snapshot);
  for (const auto& [workload, number] : routing.workload_class) {
    const auto client = *findClient(snapshot, catalog.registry, workload);
    for (const auto& [key, route] : routing.tables.at(number).services) {
      if (isPortRoute(*route)) continue;
      Reads reads;
      Lookups lookups(catalog, reads);
      const auto* service = lookups.service(key.host, client);
      const auto* port = service ? service->port(key.port) : nullptr;
      const bool same =
          port ? *compileRoute(lookups, *service, *port, client) == *route : isHidden(*route);
      if (!same) return key.text() + " as " + workload + " calls it";
    }
  }
  return "";
}

/// Follows the steps; what is wrong after which, or nothing.
std::optional<std::string> failureOf(const Steps& steps) {
  RandomMesh mesh;
  Resolver resolver;
  std::shared_ptr<const Routing> last = std::make_shared<const Routing>();
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto what = mesh.step(steps[i].seed);
    if (steps[i].more_follow) continue;
    const auto routing = resolver.update(std::make_shared<const Snapshot>(mesh.snapshot()));
    const auto fresh = Resolver({}, Resolver::Share::kNothing)
                           .update(std::make_shared<const Snapshot>(mesh.snapshot()));
    auto wrong = RoutingDifference::between(*routing, *fresh);
    if (wrong.empty()) wrong = notShared(*last, *routing);
    if (wrong.empty()) wrong = notForItself(mesh.snapshot(), *routing);
    if (!wrong.empty()) return wrong + " after step " + std::to_string(i) + ", " + what;
    last = routing;
  }
  return std::nullopt;
}

/// Of seeds 1 to 400, 153 is the only one that sees when the look-up of a wildcard is not written
/// down.
TEST(ResolverProperty, AnySequenceOfChangesGivesWhatTheFinalStateGives) {
  auto seeds = test::seedsFrom(1, 40);
  seeds.push_back(153);
  test::holdsForEach(seeds, 80, failureOf);
}

}  // namespace
}  // namespace sluice::routing
