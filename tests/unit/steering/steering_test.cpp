// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/steering.h"

#include <gmock/gmock.h>

#include "tests/unit/steering/fixture.h"
#include "userspace/steering/workload_id.h"

namespace sluice::steering {
namespace {

using testing::HasSubstr;

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

/// Of whatever subset it is: which one a connection is for shows only in its requests.
TEST_F(SteeringTest, WhatIsToBeEncryptedNeverFailsOpen) {
  auto world = test::productApi();
  world.snapshot.agent.fail_policy = AgentSettings::FailPolicy::kOpen;
  auto rule = *world.snapshot.destination_rules.front();
  auto& policy = rule.subsets.front().traffic_policy.emplace();
  policy.tls.emplace().mode = ClientTlsSettings::Mode::kSimple;
  world.snapshot.destination_rules = {std::make_shared<const DestinationRule>(rule)};
  load(world.add(test::virtualService(meta("product-api"), {"product-api"},
                                      {test::route({test::to("product-api", "v1")})})));
  const auto placed =
      steering->placement({"product-api.default.svc.cluster.local", 80}, {}, routing::Family::kV4);
  ASSERT_TRUE(placed.has_value());
  const auto route = maps::View<Table::kRoutes>(tables).get(placed->route.value);
  EXPECT_EQ(route->via, ROUTE_VIA_PROXY);
  EXPECT_EQ(route->flags, 0u);
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

TEST_F(SteeringTest, EndpointsComeAndGoWithoutANewRoute) {
  load(onlyTo("v1"));
  auto world = onlyTo("v1");
  world.addEndpoint("product-api", "10.1.0.4", {{"version", "v1"}});
  load(world);
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080 10.1.0.4:8080}");
  EXPECT_EQ(steering->ids().entries(NAME_ROUTE).size(), 1u);
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
  EXPECT_EQ(steering->ids().find(NAME_ENDPOINT, "10.1.0.19:8080"), 0u);
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}");
  EXPECT_EQ(Reader(tables).see("10.96.0.99", 80), "connect {10.1.1.1:8080}");
  passGrace();
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}");
}

TEST_F(SteeringTest, SharesOfEndpointsAreSlots) {
  load(onlyTo("v1"));
  auto next = routing;
  auto& services = next.tables.at({}).services.common();
  auto changed = *services.begin()->second;
  auto cluster = *changed.rules->at(0).destinations[0].cluster;
  cluster.endpoints[0].share = 3;
  cluster.endpoints[1].share = 1;
  changed.rules.edit()[0].destinations[0].cluster =
      std::make_shared<const routing::Cluster>(cluster);
  services.set(changed.service, std::make_shared<const routing::ServiceRoute>(changed));
  ASSERT_TRUE(steering->stage(next).ok());
  const auto id =
      steering->clusterId(*changed.rules->at(0).destinations[0].cluster, routing::Family::kV4);
  const auto head = maps::View<Table::kClusters>(tables).get(id.value);
  ASSERT_TRUE(head.ok());
  ASSERT_EQ(CLUSTER_COUNT(head->shape), 2U);
  const auto second = maps::View<Table::kClusterSlots>(tables).get(head->first_slot + 1);
  EXPECT_EQ(second->threshold, uint64_t{1} << 63) << "half of its half";
  EXPECT_EQ(second->own, steering->endpointId(cluster.endpoints[1].address).value);
  EXPECT_EQ(second->alias, steering->endpointId(cluster.endpoints[0].address).value);
}

TEST_F(SteeringTest, EndpointsThatAreAvoidedGetNothing) {
  load(onlyTo("v1"));
  const auto cluster =
      routing.tables.at({}).services.begin()->second->rules->front().destinations[0].cluster;
  const auto& addresses = cluster->endpoints;
  const auto shape = [&] {
    const auto id = steering->clusterId(*cluster, routing::Family::kV4);
    return *maps::View<Table::kClusters>(tables).get(id.value);
  };
  const auto stage = [&](const std::set<SocketAddress>& avoided) {
    routing::Health health;
    if (!avoided.empty()) health.avoided[routing::clusterName(*cluster)] = avoided;
    return steering->stage(routing, health).ok() && steering->publish().ok();
  };
  ASSERT_TRUE(stage({addresses[0].address}));
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}") << "the proxy may still need it";
  const auto first = maps::View<Table::kClusterSlots>(tables).get(shape().first_slot);
  EXPECT_EQ(first->threshold, 0u);
  EXPECT_EQ(first->alias, steering->endpointId(addresses[1].address).value);
  ASSERT_TRUE(stage({addresses[0].address, addresses[1].address}));
  EXPECT_EQ(see(), "connect {}") << "connections are refused";
  ASSERT_TRUE(stage({}));
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}");
  EXPECT_EQ(maps::View<Table::kClusterSlots>(tables).get(shape().first_slot)->threshold,
            ~uint64_t{0});
}

TEST_F(SteeringTest, TheSameHealthCostsNothing) {
  load(onlyTo("v1"));
  routing::Health health;
  health.avoided["outbound|80||somebody.else"] = {};
  ASSERT_TRUE(steering->stage(routing, health).ok());
  ASSERT_TRUE(steering->publish().ok());
  tables.failAfter(0, Error(Error::Code::kSystem, "written"));
  EXPECT_TRUE(steering->stage(routing, health).ok());
  EXPECT_TRUE(steering->publish().ok());
}

TEST_F(SteeringTest, RoutesThatAreTheSameObjectsCostNothing) {
  load(splitByClient());
  tables.forgetChanges();
  tables.failAfter(0, Error(Error::Code::kSystem, "written"));
  EXPECT_TRUE(steering->stage(routing).ok());
  EXPECT_TRUE(steering->publish().ok());
  EXPECT_TRUE(
      steering->placement(routing.tables.at({}).services.begin()->first, {}, routing::Family::kV4));
}

/// The policy that the kernel has of the only cluster of a TCP service "db" without rules.
class BalancingOf : public SteeringTest {
 protected:
  uint32_t policyOf(uint32_t weight, const std::string& affinity) {
    auto service = test::service("db", {kVip}, {{"tcp", 80}});
    service.session_affinity = affinity;
    ServiceEntry db = test::entry("db.example", "TCP", 80, {"192.0.2.1", "192.0.2.2"}, {kVip});
    db.endpoints[1].weight = weight;
    World world;
    if (affinity.empty())
      world.add(db);
    else
      world.add(service).addEndpoint("db", "10.1.0.1", {}).addEndpoint("db", "10.1.0.2", {});
    load(world);
    const auto [key, route] = *routing.tables.at({}).services.begin();
    const auto id = steering->clusterId(*route->plain, routing::Family::kV4);
    return CLUSTER_POLICY(maps::View<Table::kClusters>(tables).get(id.value)->shape);
  }
};

TEST_F(BalancingOf, LoadHasASayOnlyWhereSharesAreEven) {
  EXPECT_EQ(policyOf(1, ""), BALANCE_LEAST_REQUEST);
  EXPECT_EQ(policyOf(3, ""), BALANCE_RANDOM);
}

TEST_F(BalancingOf, SessionAffinityIsTheKernelsToo) {
  EXPECT_EQ(policyOf(1, "None"), BALANCE_LEAST_REQUEST);
  EXPECT_EQ(policyOf(1, "ClientIP"), BALANCE_CLIENT);
}

TEST_F(SteeringTest, AddressOfTwoServicesGoesToTheOtherWhenItsOwnerGoes) {
  World both;
  both.add(test::service("a", {kVip})).addEndpoint("a", "10.1.0.1", {});
  both.add(test::service("b", {kVip})).addEndpoint("b", "10.1.0.2", {});
  load(both);
  EXPECT_EQ(see(), "connect {10.1.0.2:8080}");
  World first;
  first.add(test::service("a", {kVip})).addEndpoint("a", "10.1.0.1", {});
  load(first);
  EXPECT_EQ(see(), "connect {10.1.0.1:8080}");
  load(both);
  EXPECT_EQ(see(), "connect {10.1.0.2:8080}");
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

}  // namespace
}  // namespace sluice::steering
