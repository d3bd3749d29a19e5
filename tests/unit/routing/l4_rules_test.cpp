// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/l4_rules.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::kHost;
using test::meta;
using test::routeOf;
using test::World;
using testing::ElementsAre;

World onPort(const std::string& name, std::vector<std::string> vips = {"10.96.0.10"}) {
  World world;
  world.add(test::service("product-api", std::move(vips), {{name, 80}}))
      .addEndpoint("product-api", "10.1.0.1", {{"version", "v1"}}, 8080, name)
      .addEndpoint("product-api", "10.1.0.2", {{"version", "v2"}}, 8080, name)
      .add(test::versions(meta("dr"), "product-api"));
  return world;
}

TcpRoute tcp(const std::string& subset, std::vector<std::string> subnets = {}) {
  TcpRoute rule;
  rule.route = {test::to(kHost, subset)};
  if (!subnets.empty()) {
    rule.match.emplace_back();
    rule.match[0].destination_subnets = std::move(subnets);
  }
  return rule;
}

TlsRoute tls(const std::string& subset, std::vector<std::string> names) {
  TlsRoute rule;
  rule.route = {test::to(kHost, subset)};
  rule.match.emplace_back();
  rule.match[0].sni_hosts = std::move(names);
  return rule;
}

VirtualService withTcp(Metadata metadata, std::vector<TcpRoute> rules) {
  auto service = test::virtualService(std::move(metadata), {kHost}, {});
  service.tcp = std::move(rules);
  return service;
}

VirtualService withTls(std::vector<TlsRoute> rules) {
  auto service = test::virtualService(meta("vs"), {kHost}, {});
  service.tls = std::move(rules);
  return service;
}

std::vector<std::string> subsets(const std::shared_ptr<const ServiceRoute>& route) {
  std::vector<std::string> list;
  for (const auto& rule : route->l4_rules) list.push_back(rule.destinations.front().key.subset);
  return list;
}

TEST(TcpRules, FirstThatTakesEveryConnectionEndsTheList) {
  const auto route = routeOf(onPort("tcp").add(withTcp(meta("vs"), {tcp("v2"), tcp("v1")})));
  EXPECT_THAT(subsets(route), ElementsAre("v2"));
  EXPECT_EQ(route->path, Path::kConnect);
  EXPECT_EQ(route->connectDestinations().front().key.subset, "v2");
  ASSERT_EQ(route->skipped->size(), 1u);
  EXPECT_EQ(route->skipped->at(0).list, "tcp");
}

TEST(TcpRules, RangesAreDecidedWhereTheAddressIsKnown) {
  const auto inside =
      routeOf(onPort("tcp").add(withTcp(meta("vs"), {tcp("v2", {"10.96.0.0/16"}), tcp("v1")})));
  EXPECT_THAT(subsets(inside), ElementsAre("v2"));
  EXPECT_TRUE(inside->l4_rules[0].subnets.empty());
  const auto outside =
      routeOf(onPort("tcp").add(withTcp(meta("vs"), {tcp("v2", {"10.97.0.0/16"}), tcp("v1")})));
  EXPECT_THAT(subsets(outside), ElementsAre("v1"));
}

TEST(TcpRules, LongerRangeBeatsAnEarlierShorterOne) {
  const auto route = routeOf(onPort("tcp").add(
      withTcp(meta("vs"), {tcp("v1", {"10.0.0.0/8"}), tcp("v2", {"10.96.0.10"})})));
  EXPECT_THAT(subsets(route), ElementsAre("v2"));
}

TEST(TcpRules, RangeOfOneFamilyAloneNeedsTheProxy) {
  const auto route = routeOf(onPort("tcp", {"10.96.0.10", "fd00::10"})
                                 .add(withTcp(meta("vs"), {tcp("v2", {"10.96.0.10/32"})})));
  EXPECT_THAT(subsets(route), ElementsAre("v2"));
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_THAT(test::codes(route), ElementsAre("SLU4014"));
}

TEST(TcpRules, RulesOfSeveralVirtualServicesActSideBySide) {
  TcpRoute other_port = tcp("v1");
  other_port.match.emplace_back();
  other_port.match[0].port = 81;
  const auto route = routeOf(
      onPort("tcp").add(withTcp(meta("a"), {other_port})).add(withTcp(meta("b"), {tcp("v2")})));
  EXPECT_THAT(subsets(route), ElementsAre("v2"));
  EXPECT_EQ(route->virtual_service, "default/b");
}

TEST(TcpRules, SourcesChooseByClient) {
  auto rule = tcp("v2");
  rule.match.emplace_back();
  rule.match[0].source_labels = {{"app", "batch"}};
  rule.match[0].gateways = {"mesh"};  // unlike in http rules the labels count all the same
  auto world = onPort("tcp");
  world.add(withTcp(meta("vs"), {rule, tcp("v1")}));
  EXPECT_THAT(subsets(routeOf(world, "default/batch")), ElementsAre("v2"));
  EXPECT_THAT(subsets(routeOf(world, "default/web")), ElementsAre("v1"));
}

TEST(TcpRules, HttpPortsAndTlsPortsDoNotHaveThem) {
  const auto vs = withTcp(meta("vs"), {tcp("v2")});
  EXPECT_TRUE(routeOf(onPort("http").add(vs))->l4_rules.empty());
  EXPECT_TRUE(routeOf(onPort("tls").add(vs))->l4_rules.empty());
}

TEST(TcpRules, SinglePortOfADestinationIsInferred) {
  auto rule = tcp("");
  rule.route = {test::to("other")};
  auto world = onPort("tcp");
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  world.add(test::service("other", {"10.96.0.11"}, {{"tcp", 9090}}));
  const auto route = routeOf(world.add(withTcp(meta("vs"), {rule})));
  EXPECT_EQ(route->l4_rules[0].destinations[0].key.port, 9090);
}

TEST(TlsRules, MoreSpecificServerNameComesFirst) {
  const auto route = routeOf(onPort("tls").add(
      withTls({tls("v1", {"*.example", "*.shop.example"}), tls("v2", {"A.shop.example"})})));
  ASSERT_EQ(route->l4_rules.size(), 3u);
  EXPECT_EQ(route->l4_rules[0].sni_hosts.front(), "a.shop.example");
  EXPECT_EQ(route->l4_rules[1].sni_hosts.front(), "*.shop.example");
  EXPECT_EQ(route->l4_rules[2].sni_hosts.front(), "*.example");
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_THAT(test::codes(route), ElementsAre("SLU4013"));
}

TEST(TlsRules, OfEqualServerNamesTheFirstCounts) {
  const auto route =
      routeOf(onPort("https").add(withTls({tls("v2", {"a.b"}), tls("v1", {"a.b"})})));
  EXPECT_THAT(subsets(route), ElementsAre("v2"));
  EXPECT_EQ(route->skipped->front().list, "tls");
}

TEST(TlsRules, RuleForOtherAddressesStandsInTheWayOfTheDefaultAllTheSame) {
  auto elsewhere = tls("v1", {"api.example.com"});
  elsewhere.match[0].destination_subnets = {"10.97.0.0/16"};
  const auto route = routeOf(onPort("tls").add(withTls({elsewhere})));
  EXPECT_THAT(subsets(route), ElementsAre("v1"));
  EXPECT_FALSE(route->l4_rules[0].subnets.empty());
}

TEST(TlsRules, WithoutRulesThePortIsItsOwnDestination) {
  const auto route = routeOf(onPort("tls"));
  EXPECT_TRUE(route->l4_rules.empty());
  EXPECT_EQ(route->path, Path::kConnect);
}

}  // namespace
}  // namespace sluice::routing
