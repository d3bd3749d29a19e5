// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/steering.h"

#include <gmock/gmock.h>

#include "maps/lib/alias.h"
#include "maps/lib/hash.h"
#include "tests/unit/steering/fixture.h"
#include "userspace/balance/client_spread.h"
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
  EXPECT_EQ(route->flags, ROUTE_FAIL_OPEN | ROUTE_DRAIN_IDLE);
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
  EXPECT_EQ(route->flags, ROUTE_DRAIN_IDLE);
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

/// A service "db" whose clients stay with their endpoints, 10.1.0.1 to 10.1.0.`last` without
/// `gone`.
class ClientsOf : public SteeringTest {
 protected:
  static constexpr uint64_t kClients = 2000;

  void loadMembers(int last, int gone = 0) {
    auto service = test::service("db", {kVip});
    service.session_affinity = "ClientIP";
    World world;
    world.add(service);
    for (int i = 1; i <= last; ++i)
      if (i != gone) world.addEndpoint("db", "10.1.0." + std::to_string(i), {});
    EXPECT_TRUE(load(world).empty());
  }
  cluster_ref head() {
    const auto [key, route] = *routing.tables.at({}).services.begin();
    const auto id = steering->clusterId(*route->plain, routing::Family::kV4);
    const auto found = *maps::View<Table::kClusters>(tables).get(id.value);
    EXPECT_EQ(steering->slotCount(id), CLUSTER_COUNT(found.shape));
    return found;
  }
  /// What the kernel's programs draw for each client.
  std::vector<uint32_t> drawn() {
    const auto ref = head();
    EXPECT_GT(CLUSTER_COUNT(ref.shape), 0U);
    if (CLUSTER_COUNT(ref.shape) == 0) return std::vector<uint32_t>(kClients);
    std::vector<alias_slot> slots;
    for (uint32_t i = 0; i < CLUSTER_COUNT(ref.shape); ++i)
      slots.push_back(*maps::View<Table::kClusterSlots>(tables).get(ref.first_slot + i));
    std::vector<uint32_t> endpoints;
    for (uint64_t client = 0; client < kClients; ++client)
      endpoints.push_back(
          alias_pick(slots.data(), static_cast<uint32_t>(slots.size()), mix64(client)));
    return endpoints;
  }
  /// The part of the clients that differ.
  static double moved(const std::vector<uint32_t>& before, const std::vector<uint32_t>& after) {
    double count = 0;
    for (size_t i = 0; i < kClients; ++i) count += before[i] != after[i] ? 1 : 0;
    return count / static_cast<double>(kClients);
  }
};

TEST_F(ClientsOf, FewMoveWhenAnEndpointComesOrGoes) {
  loadMembers(8);
  const auto all = drawn();
  loadMembers(8, 3);
  EXPECT_LT(moved(all, drawn()), 2.0 / 8);
  loadMembers(9);
  EXPECT_LT(moved(all, drawn()), 2.0 / 9);
  loadMembers(8);
  EXPECT_EQ(drawn(), all);
}

TEST_F(ClientsOf, TablesLeaveHalfOfTheSlotsToOthers) {
  Options small;
  small.slots = 2 * balance::clientSlots(8);
  restart(small);
  loadMembers(8);
  EXPECT_EQ(CLUSTER_COUNT(head().shape), balance::clientSlots(8));
  // The old slots are kept for the grace period.
  loadMembers(7);
  EXPECT_EQ(CLUSTER_COUNT(head().shape), 7U);
  EXPECT_EQ(CLUSTER_POLICY(head().shape), uint32_t{BALANCE_CLIENT});
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

class DrainFlags : public SteeringTest {
 protected:
  /// Of the route of product-api.
  uint8_t flags(const World& world) {
    load(world);
    const auto binding = maps::View<Table::kBindings>(tables).get(
        steering->ids().entries(NAME_BINDING).begin()->first);
    const auto route = maps::View<Table::kRoutes>(tables).get(binding->route);
    EXPECT_TRUE(route.ok());
    return route.ok() ? route->flags : 0;
  }
};

TEST_F(DrainFlags, SayWhatBecomesOfConnectionsThatLeave) {
  auto world = onlyTo("v1");
  EXPECT_EQ(flags(world), ROUTE_DRAIN_IDLE);
  world.snapshot.agent.drain = AgentSettings::Drain::kNow;
  EXPECT_EQ(flags(world), ROUTE_DRAIN_NOW);
  world.snapshot.agent.drain = AgentSettings::Drain::kOff;
  EXPECT_EQ(flags(world), 0);
}

TEST_F(SteeringTest, TellsOnceWhenConnectionsMayHaveLostTheirRoute) {
  EXPECT_TRUE(steering->takeRerouted()) << "what an earlier agent left undone is not known";
  load(onlyTo("v1"));
  EXPECT_FALSE(steering->takeRerouted()) << "nobody was there before";
  load(onlyTo("v2"));
  EXPECT_TRUE(steering->takeRerouted());
  EXPECT_FALSE(steering->takeRerouted());
  auto world = onlyTo("v2");
  world.addEndpoint("product-api", "10.1.0.77", {{"version", "v2"}});
  load(world);
  EXPECT_FALSE(steering->takeRerouted()) << "another endpoint is no other route";

  workload record{};
  ASSERT_TRUE(steering->setWorkload({1}, record).ok());
  EXPECT_FALSE(steering->takeRerouted());
  record.client_class = 1;
  ASSERT_TRUE(steering->setWorkload({1}, record).ok());
  EXPECT_TRUE(steering->takeRerouted());
}

}  // namespace
}  // namespace sluice::steering
