// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/destination_rules.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::meta;
using test::routeOf;
using test::sendTo;
using test::World;

TEST(DestinationRules, RulesOfOneHostAreMergedOldestFirst) {
  World world;
  auto old = test::versions(meta("old", "default", 1), "product-api", {"v1"});
  auto young = test::versions(meta("young", "default", 2), "product-api", {"v1", "v2"});
  young.subsets[0].labels["version"] = "other";
  old.traffic_policy = TrafficPolicy{};
  old.traffic_policy->load_balancer = LoadBalancerSettings{LoadBalancerSettings::Simple::kRandom};
  young.traffic_policy = TrafficPolicy{};
  young.traffic_policy->load_balancer =
      LoadBalancerSettings{LoadBalancerSettings::Simple::kRoundRobin};
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(young)
      .add(old)
      .add(test::virtualService(
          meta("vs"), {"product-api"},
          {test::route({test::to("product-api", "v1", 1), test::to("product-api", "v2", 1)})}));
  const auto route = routeOf(world);
  const auto& destinations = route->rules.front().destinations;
  EXPECT_EQ(destinations[0].cluster->definition, "version=v1");
  EXPECT_EQ(destinations[0].cluster->destination_rule, "default/old");
  EXPECT_EQ(destinations[0].cluster->policy, BalancePolicy::kRandom);
  ASSERT_NE(destinations[1].cluster, nullptr);
}

TEST(DestinationRules, ClientsNamespaceIsAskedBeforeTheServicesAndOthersNever) {
  auto world = test::productApi();
  world.add(test::versions(meta("mine", "shop", 9), "*.svc.cluster.local", {"v7"}))
      .add(sendTo(meta("vs"), "v1"));
  EXPECT_EQ(routeOf(world, "shop/web")->rules[0].destinations[0].cluster, nullptr);
  EXPECT_NE(routeOf(world, "third/web")->rules[0].destinations[0].cluster, nullptr);
}

TEST(DestinationRules, RootNamespaceIsAskedLast) {
  World world;
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(test::versions(meta("root", "istio-system"), "*.svc.cluster.local"))
      .add(sendTo(meta("vs"), "v1"));
  EXPECT_EQ(routeOf(world)->rules[0].destinations[0].cluster->destination_rule,
            "istio-system/root");
}

TEST(DestinationRules, ClientsInTheRootNamespaceAskTheServicesNamespaceFirst) {
  auto world = test::productApi();
  world.add(test::versions(meta("root", "istio-system"), "*.svc.cluster.local"))
      .add(sendTo(meta("vs"), "v1"));
  EXPECT_EQ(routeOf(world, "istio-system/web")->rules[0].destinations[0].cluster->destination_rule,
            "default/product-api");
}

TEST(DestinationRules, BalancerOfASubsetReplacesTheRules) {
  auto rule = test::versions(meta("dr"), "product-api");
  rule.traffic_policy = TrafficPolicy{};
  rule.traffic_policy->load_balancer =
      LoadBalancerSettings{LoadBalancerSettings::Simple::kRoundRobin};
  rule.subsets[1].traffic_policy = TrafficPolicy{};
  rule.subsets[1].traffic_policy->load_balancer =
      LoadBalancerSettings{LoadBalancerSettings::Simple::kRandom};
  World world;
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(rule)
      .add(test::virtualService(
          meta("vs"), {"product-api"},
          {test::route({test::to("product-api", "v1", 1), test::to("product-api", "v2", 1)})}));
  const auto route = routeOf(world);
  EXPECT_EQ(route->rules[0].destinations[0].cluster->policy, BalancePolicy::kRoundRobin);
  EXPECT_EQ(route->rules[0].destinations[1].cluster->policy, BalancePolicy::kRandom);
  EXPECT_EQ(route->plain->policy, BalancePolicy::kRoundRobin);
}

}  // namespace
}  // namespace sluice::routing
