// SPDX-License-Identifier: Apache-2.0
// What the kernel's tables hold for addresses that no service lists.
#include "tests/unit/steering/fixture.h"

namespace sluice::steering {
namespace {

using routing::Family;
using test::entry;

class AnyAddress : public SteeringTest {
 protected:
  std::string any(uint16_t port) { return Reader(tables).see("0.0.0.0", port); }
  /// The kernel's own record of a route.
  ::route routeOf(const routing::ServiceKey& key, Family family = Family::kV4) {
    const auto placement = steering->placement(key, {}, family);
    if (!placement) return {};
    return *maps::View<Table::kRoutes>(tables).get(placement->route.value);
  }
};

TEST_F(AnyAddress, TheOnlyServiceOfAPortIsConnectedToByTheKernel) {
  World world;
  load(world.add(entry("db.example", "TCP", 5432, {"192.0.2.5"})));
  EXPECT_EQ(any(5432), "connect {192.0.2.5:5432}");
  EXPECT_EQ(any(5433), "none");
  EXPECT_EQ(Reader(tables).see("::", 5432), "proxy {192.0.2.5:5432} {} else {}")
      << "IPv6 connections reach the IPv4 endpoint through the proxy";
}

TEST_F(AnyAddress, WhatThePortIsSharedByTheProxyTellsApart) {
  World world;
  load(world.add(entry("net.example", "TCP", 5432, {"192.0.2.1"}, {"10.0.0.0/8"}))
           .add(entry("db.example", "TCP", 5432, {"192.0.2.5"})));
  EXPECT_EQ(any(5432), "proxy");
  const auto port = routeOf({routing::kAnyHost, 5432});
  EXPECT_EQ(port.flags, ROUTE_TELL_ORIGIN);
  // Its endpoints are allowed under a route of their own, which no address leads to.
  const auto range = routeOf({"net.example", 5432});
  EXPECT_EQ(range.via, ROUTE_VIA_PROXY);
  EXPECT_EQ(range.slot_count, 1u);
  EXPECT_FALSE(steering->placement({"net.example", 5432}, {}, Family::kV6));
}

TEST_F(AnyAddress, HostsOutsideTheRegistryHaveNumbers) {
  auto world = test::productApi();
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  load(world.add(test::virtualService(meta("vs"), {"api.nowhere.example"},
                                      {test::route({test::to("product-api")})})));
  EXPECT_EQ(any(80), "proxy");
  const auto route = routeOf({"api.nowhere.example", 80});
  EXPECT_EQ(route.via, ROUTE_VIA_PROXY);
  EXPECT_EQ(route.slot_count, 1u) << "product-api's endpoints may be connected to";
}

TEST_F(AnyAddress, WithoutTheProxyConnectionsGoWhereTheyWereCalled) {
  auto world = test::productApi();
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  world.snapshot.agent.fail_policy = AgentSettings::FailPolicy::kOpen;
  load(world);
  const auto route = routeOf({routing::kAnyHost, 80});
  EXPECT_EQ(route.flags, ROUTE_FAIL_OPEN | ROUTE_TELL_ORIGIN);
  EXPECT_EQ(route.fallback, 0u);
}

TEST_F(AnyAddress, OnlyRoutesThatNeedItAskForTheOrigin) {
  auto world = test::productApi();
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  load(world);
  EXPECT_EQ(routeOf({"product-api.default.svc.cluster.local", 80}).flags, ROUTE_DRAIN_IDLE);
}

TEST_F(AnyAddress, IsRemovedWithTheLastServiceOfThePort) {
  World world;
  load(world.add(entry("db.example", "TCP", 5432, {"192.0.2.5"})));
  load({});
  EXPECT_EQ(any(5432), "none");
}

TEST_F(AnyAddress, NextAgentKeepsTheNumbersOfWhatHasNoAddress) {
  World world;
  world.add(entry("one.example", "TLS", 443, {"192.0.2.1"}));
  load(world);
  const auto before = steering->placement({"one.example", 443}, {}, Family::kV4);
  restart();
  load(world);
  const auto after = steering->placement({"one.example", 443}, {}, Family::kV4);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->service, after->service);
  EXPECT_EQ(before->route, after->route);
}

}  // namespace
}  // namespace sluice::steering
