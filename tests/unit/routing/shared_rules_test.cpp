// SPDX-License-Identifier: Apache-2.0
// A VirtualService may rule thousands of services: what is made of its rules is one object.
#include <gmock/gmock.h>

#include <algorithm>
#include <ranges>
#include <set>

#include "tests/unit/routing/resolved.h"
#include "userspace/model/codes.h"
#include "userspace/routing/resolver.h"

namespace sluice::routing {
namespace {

using test::kHost;
using test::World;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kAll = "*.default.svc.cluster.local";

std::string nameOf(int index) { return "a" + std::to_string(100'000 + index); }

std::string hostOf(int index) { return nameOf(index) + ".default.svc.cluster.local"; }

/// `count` rules of one VirtualService, all about headers, to subset v1 of product-api.
VirtualService ruling(const std::string& hosts, int count) {
  std::vector<HttpRoute> rules;
  for (int i = 0; i < count; ++i)
    rules.push_back(test::route({test::to(kHost, "v1")},
                                {test::header("x-rule", test::exact(std::to_string(i)))}));
  return test::virtualService(test::meta("all"), {hosts}, std::move(rules));
}

/// `services` services and product-api, in the order of their names.
World meshOf(int services, uint16_t port = 80) {
  World world;
  for (int i = 0; i < services; ++i)
    world.add(test::service(
        nameOf(i), {"10.97." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1)},
        {{"http", port}}));
  auto api = test::productApi();
  world.snapshot.services.push_back(api.snapshot.services.front());
  world.snapshot.pods = api.snapshot.pods;
  world.snapshot.endpoint_slices = api.snapshot.endpoint_slices;
  world.snapshot.destination_rules = api.snapshot.destination_rules;
  return world;
}

std::shared_ptr<const Snapshot> snapshotOf(const World& world) {
  return std::make_shared<const Snapshot>(world.snapshot);
}

std::set<const void*> objectsOf(const Routing& routing, int services, uint16_t port = 80) {
  std::set<const void*> objects;
  for (int i = 0; i < services; ++i)
    objects.insert(&*routing.tables.at({}).services.at({hostOf(i), port})->rules);
  return objects;
}

TEST(SharedRules, ServicesOfAWildcardHaveOneObject) {
  auto world = meshOf(3);
  world.add(ruling(kAll, 2));
  const auto routing = resolve(world.snapshot);
  EXPECT_THAT(objectsOf(routing, 3), SizeIs(1));
  EXPECT_THAT(*routing.tables.at({}).services.at({hostOf(0), 80})->rules, SizeIs(2));
}

TEST(SharedRules, HostsThatAreNamedOneByOneShareThemToo) {
  auto world = meshOf(2);
  auto service = ruling(hostOf(0), 2);
  service.hosts.push_back(hostOf(1));
  world.add(service);
  EXPECT_THAT(objectsOf(resolve(world.snapshot), 2), SizeIs(1));
}

/// A destination without a port means the one that was called.
TEST(SharedRules, EachPortHasItsOwn) {
  auto world = meshOf(1);
  auto two_ports = test::service("b", {"10.98.0.1"}, {{"http", 80}, {"http-2", 81}});
  world.add(two_ports).add(ruling(kAll, 1));
  const auto routing = resolve(world.snapshot);
  const auto& services = routing.tables.at({}).services;
  const std::string host = "b.default.svc.cluster.local";
  EXPECT_EQ(&*services.at({host, 80})->rules, &*services.at({hostOf(0), 80})->rules);
  EXPECT_NE(&*services.at({host, 81})->rules, &*services.at({host, 80})->rules);
}

TEST(SharedRules, FollowTheServiceThatTheySendTo) {
  Resolver resolver;
  auto world = meshOf(3);
  world.add(ruling(kAll, 2));
  resolver.update(snapshotOf(world));
  world.addEndpoint("product-api", "10.1.0.9", {{"version", "v1"}});
  const auto routing = resolver.update(snapshotOf(world));
  EXPECT_THAT(objectsOf(*routing, 3), SizeIs(1));
  const auto& rules = *routing->tables.at({}).services.at({hostOf(2), 80})->rules;
  for (const auto& rule : rules)
    EXPECT_THAT(test::addresses(rule.destinations.front().cluster),
                testing::Contains("10.1.0.9:8080"));
}

TEST(SharedRules, AServiceThatComesLaterSharesThem) {
  Resolver resolver;
  auto world = meshOf(2);
  world.add(ruling(kAll, 2));
  resolver.update(snapshotOf(world));
  auto larger = meshOf(3);
  larger.snapshot.virtual_services = world.snapshot.virtual_services;
  // Of what is in both, the objects are the same, as those of a source are.
  std::ranges::copy(world.snapshot.services | std::views::take(2),
                    larger.snapshot.services.edit().begin());
  EXPECT_THAT(objectsOf(*resolver.update(snapshotOf(larger)), 3), SizeIs(1));
}

/// They follow again after the last service that had them has gone and another has come.
TEST(SharedRules, AreFollowedAsLongAsSomebodyHasThem) {
  Resolver resolver;
  auto world = meshOf(1);
  auto service = ruling(hostOf(0), 1);
  service.hosts.push_back(hostOf(1));
  world.add(service);
  resolver.update(snapshotOf(world));
  auto without = world;
  auto& services = without.snapshot.services.edit();
  services.erase(services.begin());
  resolver.update(snapshotOf(without));
  resolver.update(snapshotOf(world));
  world.addEndpoint("product-api", "10.1.0.9", {{"version", "v1"}});
  const auto routing = resolver.update(snapshotOf(world));
  const auto& rules = *routing->tables.at({}).services.at({hostOf(0), 80})->rules;
  EXPECT_THAT(test::addresses(rules.front().destinations.front().cluster),
              testing::Contains("10.1.0.9:8080"));
}

/// 500,000 rules if each service had its own, and as many reasons.
TEST(SharedRules, CostOnceHoweverManyServicesThereAre) {
  constexpr int kServices = 1'000;
  auto world = meshOf(kServices);
  world.add(ruling(kAll, 500));
  const auto routing = resolve(world.snapshot);
  EXPECT_THAT(objectsOf(routing, kServices), SizeIs(1));
  size_t reasons = 0;
  for (const auto& [key, route] : routing.tables.at({}).services) reasons += route->reasons.size();
  EXPECT_LT(reasons, size_t{20} * kServices);
}

TEST(SharedRules, ReasonsAreGivenOfTheFirstAndTheOthersAreCounted) {
  auto world = meshOf(1);
  world.add(ruling(kAll, 30));
  const auto routing = resolve(world.snapshot);
  const auto& reasons = routing.tables.at({}).services.at({hostOf(0), 80})->reasons;
  ASSERT_THAT(reasons, SizeIs(17));
  EXPECT_THAT(reasons, Each(testing::Field(&Reason::code, code::kRequestMatch)));
  EXPECT_EQ(reasons.front().field, "spec.http[0].match");
  EXPECT_THAT(reasons.back().text, HasSubstr("14 more"));
}

}  // namespace
}  // namespace sluice::routing
