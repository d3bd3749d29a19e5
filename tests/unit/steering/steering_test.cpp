// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/steering.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/support/memory_data_plane.h"
#include "tests/unit/routing/builders.h"
#include "tests/unit/steering/reader.h"
#include "userspace/routing/resolve.h"
#include "userspace/steering/names.h"
#include "userspace/steering/workload_id.h"

namespace sluice::steering {
namespace {

using test::MemoryDataPlane;
using test::meta;
using test::Reader;
using test::World;
using testing::HasSubstr;
using testing::Not;

class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  void pass(Duration time) { now_ += time; }

 private:
  TimePoint now_{};
};

constexpr const char* kVip = "10.96.0.10";
constexpr Duration kGrace = std::chrono::seconds(60);

/// 100 - `share` percent of product-api's connections to v1, `share` percent to v2.
World split(uint32_t share) {
  auto world = test::productApi();
  auto service = test::virtualService(meta("product-api"), {"product-api"},
                                      {test::route({test::to("product-api", "v1", 100 - share),
                                                    test::to("product-api", "v2", share)})});
  service.metadata.annotations["sluice.io/split"] = "connection";
  return world.add(service);
}

World onlyTo(const std::string& subset) {
  return test::productApi().add(test::virtualService(
      meta("product-api"), {"product-api"}, {test::route({test::to("product-api", subset)})}));
}

/// Connections of `web` go to v2, of everybody else to v1.
World splitByClient() {
  HttpMatchRequest web;
  web.source_labels = {{"app", "web"}};
  return test::productApi()
      .add(test::virtualService(meta("product-api"), {"product-api"},
                                {test::route({test::to("product-api", "v2")}, {web}),
                                 test::route({test::to("product-api", "v1")})}))
      .add(test::workload("web", "default", {{"app", "web"}}));
}

class SteeringTest : public testing::Test {
 protected:
  void SetUp() override { restart(); }

  /// A new agent over the same tables.
  void restart(Options options = {}) {
    auto made = Steering::create(tables, clock, options);
    ASSERT_TRUE(made.ok()) << made.error().message();
    steering = *std::move(made);
  }

  std::vector<Refusal> load(const World& world) {
    routing = routing::resolve(world.snapshot);
    auto refused = steering->stage(routing);
    EXPECT_TRUE(refused.ok());
    EXPECT_TRUE(steering->publish().ok());
    return refused.ok() ? *refused : std::vector<Refusal>{};
  }

  void passGrace() {
    clock.pass(kGrace);
    ASSERT_TRUE(steering->retire().ok());
  }

  std::string see(uint32_t client_class = 0) { return Reader(tables).see(kVip, 80, client_class); }
  ClientClass classOf(const std::string& workload) { return routing.workload_class.at(workload); }

  MemoryDataPlane tables;
  ManualClock clock;
  routing::Routing routing;
  std::unique_ptr<Steering> steering;
};

TEST_F(SteeringTest, PlainServiceGoesToItsEndpoints) {
  load(test::productApi());
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080}");
}

TEST_F(SteeringTest, SubsetsAndWeightsAreSlots) {
  load(split(50));
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080} {10.1.0.3:8080}");
}

TEST_F(SteeringTest, ProxiedRouteListsItsClustersAndTheFallback) {
  auto world = test::productApi();
  world.add(test::virtualService(meta("product-api"), {"product-api"},
                                 {test::route({test::to("product-api", "v2")},
                                              {test::header("user-group", test::exact("beta"))}),
                                  test::route({test::to("product-api", "v1")})}));
  load(world);
  EXPECT_THAT(see(), testing::StartsWith("proxy "));
  EXPECT_THAT(see(), HasSubstr(" {10.1.0.3:8080}"));
  EXPECT_THAT(see(), testing::EndsWith("else {10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080}"));
}

TEST_F(SteeringTest, FailPolicyIsAFlagOfProxiedRoutes) {
  auto world = split(10);
  world.snapshot.agent.fail_policy = AgentSettings::FailPolicy::kOpen;
  auto rule = *world.snapshot.virtual_services.front();
  rule.metadata.annotations.clear();
  world.snapshot.virtual_services = {std::make_shared<const VirtualService>(rule)};
  load(world);
  const auto placed =
      steering->placement({"product-api.default.svc.cluster.local", 80}, {}, routing::Family::kV4);
  ASSERT_TRUE(placed.has_value());
  const auto route = maps::View<Table::kRoutes>(tables).get(placed->route.value);
  EXPECT_EQ(route->via, ROUTE_VIA_PROXY);
  EXPECT_EQ(route->flags, ROUTE_FAIL_OPEN);
}

TEST_F(SteeringTest, DestinationThatDoesNotExistKeepsItsShare) {
  auto world = test::productApi();
  auto rule = test::virtualService(
      meta("product-api"), {"product-api"},
      {test::route({test::to("product-api", "v1", 50), test::to("product-api", "v9", 50)})});
  rule.metadata.annotations["sluice.io/split"] = "connection";
  load(world.add(rule));
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080} {no cluster}");
}

TEST_F(SteeringTest, EachFamilyHasItsOwnServiceAndEndpoints) {
  auto world = test::productApi();
  auto service = *world.snapshot.services.front();
  service.cluster_ips.push_back("fd00::10");
  world.snapshot.services = {std::make_shared<const Service>(service)};
  world.addEndpoint("product-api", "fd00:1::1", {});
  load(world);
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080}");
  EXPECT_EQ(Reader(tables).see("fd00::10", 80), "connect {[fd00:1::1]:8080}");
}

TEST_F(SteeringTest, FamilyWithoutEndpointsTakesTheProxy) {
  auto world = test::productApi();
  auto service = *world.snapshot.services.front();
  service.cluster_ips = {"fd00::10"};
  world.snapshot.services = {std::make_shared<const Service>(service)};
  load(world);
  EXPECT_EQ(Reader(tables).see("fd00::10", 80),
            "proxy {10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080} {} else {}");
}

TEST_F(SteeringTest, ClientsThatARuleNamesHaveAnException) {
  load(splitByClient());
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}");
  EXPECT_EQ(see(classOf("default/web").value), "connect {10.1.0.3:8080}");
}

TEST_F(SteeringTest, ChangedRuleIsOneWriteOfEightBytes) {
  load(split(10));
  auto next = routing::resolve(split(50).snapshot);
  ASSERT_TRUE(steering->stage(next).ok());
  const auto before = see();
  tables.forgetChanges();
  ASSERT_TRUE(steering->publish().ok());
  ASSERT_EQ(tables.changes().size(), 1u);
  EXPECT_EQ(tables.changes()[0].table, Table::kBindings);
  EXPECT_EQ(tables.changes()[0].value->size(), 8u);
  EXPECT_NE(see(), before);
}

TEST_F(SteeringTest, StagingShowsNothing) {
  load(split(10));
  const auto before = see();
  routing = routing::resolve(onlyTo("v2").snapshot);
  ASSERT_TRUE(steering->stage(routing).ok());
  EXPECT_EQ(see(), before);
}

TEST_F(SteeringTest, SameConfigurationWritesNothing) {
  load(splitByClient());
  tables.forgetChanges();
  load(splitByClient());
  EXPECT_TRUE(tables.changes().empty());
  restart();
  load(splitByClient());
  EXPECT_TRUE(tables.changes().empty());
}

TEST_F(SteeringTest, SubsetOfOtherLabelsIsAnotherClusterUntilTheRouteFlips) {
  load(onlyTo("v1"));
  auto world = onlyTo("v1");
  auto rule = *world.snapshot.destination_rules.front();
  rule.subsets[0].labels["version"] = "v2";
  world.snapshot.destination_rules = {std::make_shared<const DestinationRule>(rule)};
  routing = routing::resolve(world.snapshot);
  ASSERT_TRUE(steering->stage(routing).ok());
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}");
  ASSERT_TRUE(steering->publish().ok());
  EXPECT_EQ(see(), "connect {10.1.0.3:8080}");
}

TEST_F(SteeringTest, NoPrefixOfTheWritesNamesWhatIsNotThere) {
  load(splitByClient());
  const auto web = classOf("default/web").value;
  tables.onChange([&](const auto&) {
    for (const auto client_class : {0u, web})
      EXPECT_THAT(Reader(tables).see(kVip, 80, client_class), Not(HasSubstr("dangling")));
  });
  for (const auto& world : {split(90), splitByClient(), onlyTo("v2"), World{}, split(10)}) {
    load(world);
    passGrace();
  }
  EXPECT_EQ(see(web), see());
}

TEST_F(SteeringTest, EveryLookupDuringAChangeIsTheOldRuleOrTheNew) {
  for (const auto& [from, to] :
       {std::pair(split(10), onlyTo("v2")), std::pair(onlyTo("v2"), splitByClient()),
        std::pair(splitByClient(), split(30))}) {
    auto with_web = from;
    with_web.add(test::workload("web", "default", {{"app", "web"}}));
    tables.onChange(nullptr);
    load(with_web);
    const auto client_class =
        routing::resolve(splitByClient().snapshot).workload_class.at("default/web").value;
    std::set<std::string> seen, seen_by_web;
    tables.onChange([&](const auto&) {
      seen.insert(Reader(tables).see(kVip, 80));
      seen_by_web.insert(Reader(tables).see(kVip, 80, client_class));
    });
    seen.insert(see());
    seen_by_web.insert(see(client_class));
    load(to);
    EXPECT_LE(seen.size(), 2u);
    EXPECT_LE(seen_by_web.size(), 2u);
  }
}

TEST_F(SteeringTest, EndpointsComeAndGoWithoutANewRoute) {
  load(onlyTo("v1"));
  auto world = onlyTo("v1");
  world.addEndpoint("product-api", "10.1.0.4", {{"version", "v1"}});
  load(world);
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080 10.1.0.4:8080}");
  EXPECT_EQ(steering->ids().entries(NAME_ROUTE).size(), 1u);
}

TEST_F(SteeringTest, IdsSurviveARestart) {
  load(split(10));
  const auto cluster = steering->clusterId(
      *routing.tables.at({}).services.begin()->second->rules[0].destinations[1].cluster,
      routing::Family::kV4);
  restart();
  load(split(10));
  EXPECT_EQ(
      steering->ids().find(NAME_CLUSTER, "outbound|80|v2|product-api.default.svc.cluster.local/v4"),
      cluster.value);
}

TEST_F(SteeringTest, WhatIsUnusedIsFreedAfterTheGracePeriodAlone) {
  load(split(10));
  load(World{});
  EXPECT_EQ(see(), "none");
  clock.pass(kGrace - std::chrono::nanoseconds(1));
  ASSERT_TRUE(steering->retire().ok());
  EXPECT_EQ(steering->ids().entries(NAME_CLUSTER).size(), 2u);
  clock.pass(std::chrono::nanoseconds(1));
  ASSERT_TRUE(steering->retire().ok());
  for (const auto kind : {NAME_SERVICE, NAME_BINDING, NAME_ROUTE, NAME_CLUSTER, NAME_ENDPOINT})
    EXPECT_TRUE(steering->ids().entries(kind).empty()) << kind;
  size_t names = 0;
  ASSERT_TRUE(
      maps::View<Table::kNames>(tables).visit([&](const auto&, const auto&) { ++names; }).ok());
  EXPECT_EQ(names, 0u);
}

TEST_F(SteeringTest, IdIsNotGivenAwayDuringTheGracePeriod) {
  load(onlyTo("v1"));
  const auto old = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  World other;
  other.add(test::service("other", {kVip})).addEndpoint("other", "10.1.0.9", {});
  load(other);
  EXPECT_NE(steering->ids().find(NAME_ENDPOINT, "10.1.0.9:8080"), old);
  EXPECT_EQ(see(), "connect {10.1.0.9:8080}");
}

TEST_F(SteeringTest, IdIsHeldAsLongAsAConnectionIsCountedByIt) {
  load(onlyTo("v1"));
  const auto id = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  ASSERT_TRUE(maps::View<Table::kEndpointActive>(tables).put(id, 1).ok());
  load(World{});
  passGrace();
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), id);
  ASSERT_TRUE(maps::View<Table::kEndpointActive>(tables).put(id, 0).ok());
  ASSERT_TRUE(steering->retire().ok());
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), 0u);
}

TEST_F(SteeringTest, CountersOfAFreedIdStartAtZero) {
  load(onlyTo("v1"));
  const auto id = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  connection_stats stats{};
  stats.opened = 7;
  ASSERT_TRUE(maps::View<Table::kEndpointStats>(tables).put(id, stats).ok());
  load(World{});
  passGrace();
  EXPECT_EQ(maps::View<Table::kEndpointStats>(tables).get(id)->opened, 0u);
}

TEST_F(SteeringTest, ExceptionOfAClassThatIsGoneStaysForItsWorkloads) {
  load(splitByClient());
  const auto web = classOf("default/web").value;
  load(onlyTo("v1"));
  EXPECT_EQ(see(web), "connect {10.1.0.3:8080}");
  passGrace();
  EXPECT_EQ(see(web), "connect {10.1.0.1:8080 10.1.0.2:8080}");
}

TEST_F(SteeringTest, ServiceThatDoesNotFitKeepsItsLastGoodRoute) {
  Options small;
  small.slots = 8;
  restart(small);
  load(onlyTo("v1"));
  auto world = onlyTo("v1");
  for (int i = 10; i < 20; ++i)
    world.addEndpoint("product-api", "10.1.0." + std::to_string(i), {{"version", "v1"}});
  world.add(test::service("small", {"10.96.0.99"})).addEndpoint("small", "10.1.1.1", {});
  const auto refused = load(world);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].service, "product-api.default.svc.cluster.local:80/v4");
  EXPECT_EQ(refused[0].error.code(), Error::Code::kExhausted);
  EXPECT_THAT(refused[0].error.message(), HasSubstr("cluster_slots"));
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}");
  EXPECT_EQ(Reader(tables).see("10.96.0.99", 80), "connect {10.1.1.1:8080}");
  passGrace();
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}");
}

TEST_F(SteeringTest, FailedWriteLeavesWhatIsPublished) {
  load(split(10));
  const auto before = see();
  routing = routing::resolve(onlyTo("v2").snapshot);
  tables.failAfter(1, Error(Error::Code::kSystem, "write"));
  EXPECT_FALSE(steering->stage(routing).ok());
  EXPECT_FALSE(steering->publish().ok());
  EXPECT_EQ(see(), before);
  load(onlyTo("v2"));
  EXPECT_EQ(see(), "connect {10.1.0.3:8080}");
}

TEST_F(SteeringTest, WorkloadsAreWrittenWhenTheyDiffer) {
  workload record{};
  record.client_class = 7;
  const auto id = workloadId("default/web");
  ASSERT_TRUE(steering->setWorkload(id, record).ok());
  tables.forgetChanges();
  ASSERT_TRUE(steering->setWorkload(id, record).ok());
  EXPECT_TRUE(tables.changes().empty());
  restart();
  ASSERT_TRUE(steering->setWorkload(id, record).ok());
  EXPECT_TRUE(tables.changes().empty());
  ASSERT_TRUE(steering->keepWorkloads({}).ok());
  EXPECT_FALSE(maps::View<Table::kWorkloads>(tables).get(id.value).ok());
}

/// Whatever came before, the tables end up meaning what the last configuration says.
TEST_F(SteeringTest, AnySequenceEndsWhereTheLastConfigurationAloneDoes) {
  const std::vector<World> worlds = {split(10),    split(50),       onlyTo("v1"),
                                     onlyTo("v2"), splitByClient(), test::productApi(),
                                     World{}};
  std::vector<std::set<std::string>> meaning;
  std::mt19937 random(11);
  for (int step = 0; step < 60; ++step) {
    const auto& world = worlds[random() % worlds.size()];
    if (random() % 6 == 0) restart();
    load(world);
    if (random() % 3 == 0) passGrace();

    MemoryDataPlane fresh;
    auto alone = Steering::create(fresh, clock);
    ASSERT_TRUE((*alone)->stage(routing).ok());
    ASSERT_TRUE((*alone)->publish().ok());
    for (const auto& [number, table] : routing.tables)
      ASSERT_EQ(see(number.value), Reader(fresh).see(kVip, 80, number.value)) << "step " << step;
  }
}

}  // namespace
}  // namespace sluice::steering
