// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/unit/steering/fixture.h"
#include "userspace/steering/steering.h"

namespace sluice::steering {
namespace {

class LifetimeTest : public SteeringTest {};

TEST_F(LifetimeTest, SameConfigurationWritesNothing) {
  load(splitByClient());
  tables.forgetChanges();
  load(splitByClient());
  EXPECT_TRUE(tables.changes().empty());
  restart();
  load(splitByClient());
  EXPECT_TRUE(tables.changes().empty());
}

TEST_F(LifetimeTest, IdsSurviveARestart) {
  load(split(10));
  const auto cluster = steering->clusterId(
      *routing.tables.at({}).services.begin()->second->rules->at(0).destinations[1].cluster,
      routing::Family::kV4);
  restart();
  load(split(10));
  EXPECT_EQ(steering->ids().find(
                NAME_CLUSTER,
                "outbound|80|v2|product-api.default.svc.cluster.local@default/product-api/v4"),
            cluster.value);
}

TEST_F(LifetimeTest, WhatIsUnusedIsFreedAfterTheGracePeriodAlone) {
  load(split(10));
  load(World{});
  EXPECT_EQ(see(), "none");
  clock.advance(kGrace - std::chrono::nanoseconds(1));
  ASSERT_TRUE(steering->retire().ok());
  EXPECT_EQ(steering->ids().entries(NAME_CLUSTER).size(), 2u);
  clock.advance(std::chrono::nanoseconds(1));
  ASSERT_TRUE(steering->retire().ok());
  for (const auto kind : {NAME_SERVICE, NAME_BINDING, NAME_ROUTE, NAME_CLUSTER, NAME_ENDPOINT})
    EXPECT_TRUE(steering->ids().entries(kind).empty()) << kind;
  size_t names = 0;
  ASSERT_TRUE(
      maps::View<Table::kNames>(tables).visit([&](const auto&, const auto&) { ++names; }).ok());
  EXPECT_EQ(names, 0u);
}

TEST_F(LifetimeTest, IdIsNotGivenAwayDuringTheGracePeriod) {
  load(onlyTo("v1"));
  const auto old = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  World other;
  other.add(test::service("other", {kVip})).addEndpoint("other", "10.1.0.9", {});
  load(other);
  EXPECT_NE(steering->ids().find(NAME_ENDPOINT, "10.1.0.9:8080"), old);
  EXPECT_EQ(see(), "connect {10.1.0.9:8080}");
}

TEST_F(LifetimeTest, IdIsHeldAsLongAsAConnectionIsCountedByIt) {
  load(onlyTo("v1"));
  const auto id = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  ASSERT_TRUE(maps::View<Table::kEndpointLoad>(tables).put(id, {1, 0}).ok());
  load(World{});
  passGrace();
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), id);
  ASSERT_TRUE(maps::View<Table::kEndpointLoad>(tables).put(id, {}).ok());
  ASSERT_TRUE(steering->retire().ok());
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), 0u);
}

TEST_F(LifetimeTest, ABindingThatIsHeldForItsConnectionsLeadsNowhere) {
  load(onlyTo("v1"));
  const auto id = steering->ids().entries(NAME_BINDING).begin()->first;
  connection_stats stats{};
  stats.opened = stats.established = 1;
  ASSERT_TRUE(maps::View<Table::kServiceStats>(tables).put(id, stats).ok());
  load(World{});
  EXPECT_NE(maps::View<Table::kBindings>(tables).get(id)->route, 0u) << "somebody may be reading";
  passGrace();
  EXPECT_TRUE(steering->ids().entries(NAME_BINDING).contains(id));
  EXPECT_EQ(maps::View<Table::kBindings>(tables).get(id)->route, 0u);
  EXPECT_EQ(maps::View<Table::kServiceStats>(tables).get(id)->established, 1u);
}

TEST_F(LifetimeTest, IdIsHeldAsLongAsAConnectionMayStillFailUnderIt) {
  load(onlyTo("v1"));
  const auto id = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  connection_stats stats{};
  stats.opened = 1;
  ASSERT_TRUE(maps::View<Table::kEndpointStats>(tables).put(id, stats).ok());
  load(World{});
  passGrace();
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), id);
  clock.advance(std::chrono::minutes(3));
  ASSERT_TRUE(steering->retire().ok());
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), 0u)
      << "one whose workload was detached meanwhile has no end that is counted";
}

TEST_F(LifetimeTest, IdIsHeldAsLongAsARequestOfTheProxyIsUnderWay) {
  load(onlyTo("v1"));
  const auto id = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  maps::View<Table::kEndpointLoad> loads(tables);
  ASSERT_TRUE(loads.put(id, {0, 1}).ok());
  load(World{});
  passGrace();
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), id);
  ASSERT_TRUE(loads.put(id, {}).ok());
  ASSERT_TRUE(steering->retire().ok());
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), 0u);
}

TEST_F(LifetimeTest, RequestsOfAnAgentEndWithIt) {
  load(onlyTo("v1"));
  const auto id = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  maps::View<Table::kEndpointLoad> loads(tables);
  ASSERT_TRUE(loads.put(id, {3, 7}).ok());
  const auto next = Steering::create(tables, clock);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(loads.get(id)->requests, 0u);
  EXPECT_EQ(loads.get(id)->connections, 3u) << "the kernel's";
}

TEST_F(LifetimeTest, CountersOfAFreedIdStartAtZero) {
  load(onlyTo("v1"));
  const auto id = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  connection_stats stats{};
  stats.opened = stats.failed = 7;
  ASSERT_TRUE(maps::View<Table::kEndpointStats>(tables).put(id, stats).ok());
  load(World{});
  passGrace();
  EXPECT_EQ(maps::View<Table::kEndpointStats>(tables).get(id)->opened, 0u);
}

TEST_F(LifetimeTest, ExceptionOfAClassThatIsGoneStaysForItsWorkloads) {
  load(splitByClient());
  const auto web = classOf("default/web").value;
  load(onlyTo("v1"));
  EXPECT_EQ(see(web), "connect {10.1.0.3:8080}");
  passGrace();
  EXPECT_EQ(see(web), "connect {10.1.0.1:8080 10.1.0.2:8080}");
}

/// v2 with one endpoint that `step` chooses, then v1 with `size` of them.
World varied(int step, int size) {
  World world;
  world.add(test::service("product-api", {kVip}))
      .add(test::versions(meta("product-api"), "product-api"))
      .addEndpoint("product-api", "10.2.0." + std::to_string(step % 200), {{"version", "v2"}});
  for (int i = 0; i < size; ++i)
    world.addEndpoint("product-api", "10.1.0." + std::to_string(i), {{"version", "v1"}});
  auto rule = test::virtualService(
      meta("product-api"), {"product-api"},
      {test::route({test::to("product-api", "v2", 1), test::to("product-api", "v1", 1)})});
  rule.metadata.annotations["sluice.io/split"] = "connection";
  return world.add(rule);
}

TEST_F(LifetimeTest, NothingLeaksThroughChangesRefusalsAndFailures) {
  Options small;
  small.slots = 12;
  small.ids = {4, 4, 8, 40, 8};
  restart(small);
  for (int step = 0; step < 40; ++step) {
    EXPECT_TRUE(load(varied(step, 1 + step % 3)).empty()) << "step " << step;
    EXPECT_EQ(load(varied(step + 1, 20)).size(), 1u);
    const auto next = routing::resolve(varied(step + 2, 2).snapshot);
    tables.failAfter(2, Error(Error::Code::kSystem, "write"));
    EXPECT_FALSE(steering->stage(next).ok());
    EXPECT_TRUE(load(varied(step, 1 + step % 3)).empty());
    passGrace();
    if (step % 10 == 9) restart(small);
  }
}

class GoneTest : public SteeringTest {
 protected:
  static World with(std::initializer_list<const char*> ips) {
    World world;
    world.add(test::service("shop", {kVip}));
    for (const auto* ip : ips) world.addEndpoint("shop", ip, {});
    return world;
  }

  void connect(const std::string& endpoint, int32_t connections) {
    const auto id = steering->ids().find(NAME_ENDPOINT, endpoint);
    ASSERT_NE(id, 0u);
    ASSERT_TRUE(maps::View<Table::kEndpointLoad>(tables).put(id, {connections, 0}).ok());
  }

  bool mark(bool exists) {
    const auto marked = steering->markGone([&](const IpAddress&) { return exists; });
    EXPECT_TRUE(marked.ok());
    return marked.ok() && *marked;
  }

  uint32_t flags(const std::string& endpoint) {
    const auto id = steering->ids().find(NAME_ENDPOINT, endpoint);
    return maps::View<Table::kEndpoints>(tables).get(id)->flags;
  }
};

TEST_F(GoneTest, PodsThatStillExistOrAreInUseAreNotMarked) {
  load(with({"10.1.0.1", "10.1.0.2"}));
  connect("10.1.0.1:8080", 1);
  connect("10.1.0.2:8080", 1);
  EXPECT_FALSE(mark(false)) << "both get connections";
  load(with({"10.1.0.2"}));
  EXPECT_FALSE(mark(true)) << "it is terminating";
  EXPECT_EQ(flags("10.1.0.1:8080"), uint32_t{ENDPOINT_POD});

  EXPECT_TRUE(mark(false));
  EXPECT_EQ(flags("10.1.0.1:8080"), ENDPOINT_POD | ENDPOINT_GONE);
  EXPECT_EQ(flags("10.1.0.2:8080"), uint32_t{ENDPOINT_POD});
}

TEST_F(GoneTest, IsSaidUntilNothingIsConnectedAnyMore) {
  load(with({"10.1.0.1"}));
  connect("10.1.0.1:8080", 2);
  load(with({}));
  EXPECT_TRUE(mark(false));
  restart();
  load(with({}));
  EXPECT_TRUE(mark(false)) << "also to the agent's successor";
  connect("10.1.0.1:8080", 0);
  EXPECT_FALSE(mark(false));
}

TEST_F(GoneTest, APodThatComesBackLosesTheMark) {
  load(with({"10.1.0.1"}));
  connect("10.1.0.1:8080", 1);
  load(with({}));
  ASSERT_TRUE(mark(false));
  restart();
  load(with({"10.1.0.1"}));
  EXPECT_EQ(flags("10.1.0.1:8080"), uint32_t{ENDPOINT_POD});
  EXPECT_FALSE(mark(false));
}

TEST_F(GoneTest, AddressesWithoutAPodAreNeverMarked) {
  // Of DNS or of a ServiceEntry: that they are no longer named does not say that they are gone.
  ServiceEntry entry;
  entry.metadata = test::meta("legacy");
  entry.hosts = {"legacy.example"};
  entry.addresses = {kVip};
  entry.resolution = ServiceEntry::Resolution::kStatic;
  ServiceEntryPort port;
  port.number = 80;
  port.name = "tcp";
  port.protocol = "TCP";
  entry.ports = {port};
  WorkloadEndpoint endpoint;
  endpoint.address = "10.1.0.1";
  entry.endpoints = {endpoint};
  World world;
  world.add(entry);
  load(world);
  connect("10.1.0.1:80", 1);
  load(World{});
  EXPECT_FALSE(mark(false));
}

}  // namespace
}  // namespace sluice::steering
