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
      *routing.tables.at({}).services.begin()->second->rules[0].destinations[1].cluster,
      routing::Family::kV4);
  restart();
  load(split(10));
  EXPECT_EQ(
      steering->ids().find(NAME_CLUSTER, "outbound|80|v2|product-api.default.svc.cluster.local/v4"),
      cluster.value);
}

TEST_F(LifetimeTest, WhatIsUnusedIsFreedAfterTheGracePeriodAlone) {
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
  ASSERT_TRUE(maps::View<Table::kEndpointActive>(tables).put(id, 1).ok());
  load(World{});
  passGrace();
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), id);
  ASSERT_TRUE(maps::View<Table::kEndpointActive>(tables).put(id, 0).ok());
  ASSERT_TRUE(steering->retire().ok());
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080"), 0u);
}

TEST_F(LifetimeTest, CountersOfAFreedIdStartAtZero) {
  load(onlyTo("v1"));
  const auto id = steering->ids().find(NAME_ENDPOINT, "10.1.0.1:8080");
  connection_stats stats{};
  stats.opened = 7;
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

}  // namespace
}  // namespace sluice::steering
