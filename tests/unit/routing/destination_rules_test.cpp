// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/destination_rules.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/mesh_fixture.h"
#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::Mesh;
using test::meta;
using test::routeOf;
using test::sendTo;
using test::World;

LoadBalancerSettings balancer(LoadBalancerSettings::Simple simple) {
  LoadBalancerSettings settings;
  settings.simple = simple;
  return settings;
}

TEST(DestinationRules, RulesOfOneHostAreMergedOldestFirst) {
  World world;
  auto old = test::versions(meta("old", "default", 1), "product-api", {"v1"});
  auto young = test::versions(meta("young", "default", 2), "product-api", {"v1", "v2"});
  young.subsets[0].labels["version"] = "other";
  old.traffic_policy = TrafficPolicy{};
  old.traffic_policy->load_balancer = balancer(LoadBalancerSettings::Simple::kRandom);
  young.traffic_policy = TrafficPolicy{};
  young.traffic_policy->load_balancer = balancer(LoadBalancerSettings::Simple::kRoundRobin);
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(young)
      .add(old)
      .add(test::virtualService(
          meta("vs"), {"product-api"},
          {test::route({test::to("product-api", "v1", 1), test::to("product-api", "v2", 1)})}));
  const auto route = routeOf(world);
  const auto& destinations = route->rules->front().destinations;
  EXPECT_EQ(destinations[0].cluster->definition, "version=v1");
  EXPECT_EQ(destinations[0].cluster->destination_rule, "default/old");
  EXPECT_EQ(destinations[0].cluster->policy, BalancePolicy::kRandom);
  ASSERT_NE(destinations[1].cluster, nullptr);
}

TEST(DestinationRules, ClientsNamespaceIsAskedBeforeTheServicesAndOthersNever) {
  auto world = test::productApi();
  world.add(test::versions(meta("mine", "shop", 9), "*.svc.cluster.local", {"v7"}))
      .add(sendTo(meta("vs"), "v1"));
  EXPECT_EQ(routeOf(world, "shop/web")->rules->at(0).destinations[0].cluster, nullptr);
  EXPECT_NE(routeOf(world, "third/web")->rules->at(0).destinations[0].cluster, nullptr);
}

TEST(DestinationRules, RootNamespaceIsAskedLast) {
  World world;
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(test::versions(meta("root", "istio-system"), "*.svc.cluster.local"))
      .add(sendTo(meta("vs"), "v1"));
  EXPECT_EQ(routeOf(world)->rules->at(0).destinations[0].cluster->destination_rule,
            "istio-system/root");
}

TEST(DestinationRules, ClientsInTheRootNamespaceAskTheServicesNamespaceFirst) {
  auto world = test::productApi();
  world.add(test::versions(meta("root", "istio-system"), "*.svc.cluster.local"))
      .add(sendTo(meta("vs"), "v1"));
  EXPECT_EQ(
      routeOf(world, "istio-system/web")->rules->at(0).destinations[0].cluster->destination_rule,
      "default/product-api");
}

TEST(DestinationRules, BalancerOfASubsetReplacesTheRules) {
  auto rule = test::versions(meta("dr"), "product-api");
  rule.traffic_policy = TrafficPolicy{};
  rule.traffic_policy->load_balancer = balancer(LoadBalancerSettings::Simple::kRoundRobin);
  rule.subsets[1].traffic_policy = TrafficPolicy{};
  rule.subsets[1].traffic_policy->load_balancer = balancer(LoadBalancerSettings::Simple::kRandom);
  World world;
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(rule)
      .add(test::virtualService(
          meta("vs"), {"product-api"},
          {test::route({test::to("product-api", "v1", 1), test::to("product-api", "v2", 1)})}));
  const auto route = routeOf(world);
  EXPECT_EQ(route->rules->at(0).destinations[0].cluster->policy, BalancePolicy::kRoundRobin);
  EXPECT_EQ(route->rules->at(0).destinations[1].cluster->policy, BalancePolicy::kRandom);
  EXPECT_EQ(route->plain->policy, BalancePolicy::kRoundRobin);
}

constexpr const char* kCatalog = "catalog.shop.svc.cluster.local";

/// DestinationRule of shop for catalog with one subset, named like the rule.
DestinationRule shopRule(const std::string& name, int day, std::vector<std::string> export_to = {},
                         const std::string& host = "catalog") {
  auto rule = test::rule(name, "shop", host, day);
  rule.export_to = std::move(export_to);
  rule.subsets.push_back({name, {{"version", name}}, std::nullopt});
  return rule;
}

/// The rule that holds for catalog of shop; its name and subsets as "shop/old: old young".
std::string foundBy(const Mesh& mesh, const std::string& client_namespace, Labels labels = {}) {
  const DestinationRules rules(mesh.snapshot);
  RegistryService service;
  service.host = kCatalog;
  service.namespace_ = "shop";
  const auto rule = rules.find(service, {client_namespace, std::move(labels)});
  if (!rule) return "";
  std::string text = rule->name + ":";
  for (const auto& placed : rule->subsets) text += " " + placed.subset->name;
  return text;
}

TEST(DestinationRules, EveryPartSaysWhereItWasWritten) {
  auto old = shopRule("old", 1);
  auto young = shopRule("young", 2);
  young.traffic_policy = TrafficPolicy{};
  Mesh mesh;
  mesh.add(young).add(old);
  RegistryService service;
  service.host = kCatalog;
  service.namespace_ = "shop";
  const auto rule = DestinationRules(mesh.snapshot).find(service, {"shop", {}});
  EXPECT_EQ(rule->subset("young")->from, "DestinationRule/shop/young spec.subsets[0]");
  EXPECT_EQ(rule->traffic_policy_from, "DestinationRule/shop/young spec.trafficPolicy");
  EXPECT_EQ(rule->subset("none"), nullptr);
}

TEST(DestinationRules, ARuleForSomeWorkloadsReplacesTheOneForAll) {
  auto selecting = shopRule("prod", 3);
  selecting.workload_selector = WorkloadSelector{{{"env", "prod"}}};
  Mesh mesh;
  mesh.add(shopRule("plain", 2)).add(selecting);
  EXPECT_EQ(foundBy(mesh, "shop", {{"env", "prod"}, {"app", "web"}}), "shop/prod: prod");
  EXPECT_EQ(foundBy(mesh, "shop", {{"env", "test"}}), "shop/plain: plain");
  EXPECT_EQ(foundBy(mesh, "other", {{"env", "prod"}}), "shop/plain: plain");
}

TEST(DestinationRules, RulesForTheSameWorkloadsAreMerged) {
  auto one = shopRule("one", 1);
  auto two = shopRule("two", 2);
  auto three = shopRule("three", 3);
  one.workload_selector = two.workload_selector = WorkloadSelector{{{"env", "prod"}}};
  three.workload_selector = WorkloadSelector{{{"app", "web"}}};
  Mesh mesh;
  mesh.add(one).add(two).add(three);
  EXPECT_EQ(foundBy(mesh, "shop", {{"env", "prod"}}), "shop/one: one two");
  EXPECT_EQ(foundBy(mesh, "shop", {{"app", "web"}}), "shop/three: three");
  EXPECT_EQ(foundBy(mesh, "shop"), "");
}

TEST(DestinationRules, APrivateRuleForAllCompletesTheOneForSome) {
  auto selecting = shopRule("prod", 3);
  selecting.workload_selector = WorkloadSelector{{{"env", "prod"}}};
  Mesh mesh;
  mesh.add(shopRule("plain", 2, {"."})).add(selecting);
  EXPECT_EQ(foundBy(mesh, "shop", {{"env", "prod"}}), "shop/prod: prod plain");
  EXPECT_EQ(foundBy(mesh, "shop"), "shop/plain: plain");
}

TEST(DestinationRules, RulesForOtherNamespacesStandApartAndTheLastHolds) {
  Mesh mesh;
  mesh.add(shopRule("own", 1, {"."})).add(shopRule("public", 2));
  EXPECT_EQ(foundBy(mesh, "shop"), "shop/public: public");
  EXPECT_EQ(foundBy(mesh, "other"), "shop/public: public");
}

TEST(DestinationRules, ARuleForMoreNamespacesCompletesTheOneForFewer) {
  Mesh mesh;
  mesh.add(shopRule("own", 1, {"."})).add(shopRule("wide", 2, {".", "other"}));
  EXPECT_EQ(foundBy(mesh, "shop"), "shop/own: own wide");
  EXPECT_EQ(foundBy(mesh, "other"), "shop/wide: wide");
  EXPECT_EQ(foundBy(mesh, "third"), "");
}

TEST(DestinationRules, ARuleForOthersAloneIsNotItsOwnNamespaces) {
  Mesh mesh;
  mesh.add(shopRule("foreign", 1, {"other"}));
  EXPECT_EQ(foundBy(mesh, "shop"), "");
  EXPECT_EQ(foundBy(mesh, "other"), "shop/foreign: foreign");
}

TEST(DestinationRules, TheMeshsDefaultMayKeepRulesAtHome) {
  Mesh mesh;
  mesh.snapshot.agent.default_destination_rule_export_to = {"."};
  mesh.add(shopRule("plain", 1)).add(shopRule("public", 2, {"*"}, "*.shop.svc.cluster.local"));
  EXPECT_EQ(foundBy(mesh, "shop"), "shop/plain: plain");
  EXPECT_EQ(foundBy(mesh, "other"), "shop/public: public");
}

TEST(DestinationRules, TheMostSpecificHostDecidesBeforeExportTo) {
  Mesh mesh;
  mesh.add(shopRule("wild", 1, {}, "*.svc.cluster.local"))
      .add(shopRule("wilder", 2, {}, "*.local"))
      .add(shopRule("closer", 3, {"billing"}));
  EXPECT_EQ(foundBy(mesh, "billing"), "shop/closer: closer");
  EXPECT_EQ(foundBy(mesh, "other"), "");
  EXPECT_EQ(foundBy(mesh, "shop"), "shop/wild: wild");
}

TEST(DestinationRules, ARuleThatTheRootNamespaceKeepsIsForItsOwnClients) {
  Mesh mesh;
  auto kept = test::rule("kept", "istio-system", "*.local", 1);
  kept.export_to = {"."};
  mesh.add(kept).add(shopRule("plain", 2));
  EXPECT_EQ(foundBy(mesh, "istio-system"), "istio-system/kept:");
  EXPECT_EQ(foundBy(mesh, "other"), "shop/plain: plain");
}

}  // namespace
}  // namespace sluice::routing
