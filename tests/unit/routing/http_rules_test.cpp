// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/http_rules.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::kHost;
using test::meta;
using test::routeOf;
using test::World;
using testing::HasSubstr;
using testing::SizeIs;

Rule compiled(const HttpRoute& rule) {
  auto world = test::productApi();
  return routeOf(world.add(test::virtualService(meta("vs"), {"product-api"}, {rule})))
      ->rules->front();
}

HttpRoute toV1() { return test::route({test::to("product-api", "v1")}); }

TEST(HttpRules, MirrorsOfAllKindsWithTheirShares) {
  auto rule = toV1();
  rule.mirror = Destination{"product-api", "v2", {}};
  EXPECT_EQ(compiled(rule).mirrors.at(0).percentage, Percent{1'000'000});
  rule.mirror_percent = 5;
  EXPECT_EQ(compiled(rule).mirrors.at(0).percentage, Percent{50'000});
  rule.mirror_percentage = Percent{7};
  EXPECT_EQ(compiled(rule).mirrors.at(0).percentage, Percent{7});
  rule.mirror_percentage = Percent{0};
  EXPECT_THAT(compiled(rule).mirrors, SizeIs(0));
  rule.mirror.reset();
  rule.mirrors = {{Destination{"product-api", "v2", {}}, std::nullopt},
                  {Destination{"nowhere", "", {}}, Percent{3}}};
  EXPECT_EQ(compiled(rule).mirrors.at(0).percentage, Percent{1'000'000});
  EXPECT_EQ(compiled(rule).mirrors.at(1).target.cluster, nullptr);
}

TEST(HttpRules, FaultsThatHitNothingAreNone) {
  auto rule = toV1();
  rule.fault.emplace().abort.emplace().percentage = {1'000'000};
  EXPECT_FALSE(compiled(rule).fault);
  rule.fault->abort->grpc_status = "UNAVAILABLE";
  EXPECT_TRUE(compiled(rule).fault);
}

TEST(HttpRules, WhatIsLeftOfSeveralDestinationsIsNoLoneOne) {
  EXPECT_FALSE(compiled(toV1()).several);
  auto rule = test::route({test::to("product-api", "v1", 10), test::to("product-api", "v2", 0)});
  EXPECT_THAT(compiled(rule).destinations, SizeIs(1));
  EXPECT_TRUE(compiled(rule).several);
}

TEST(HttpRules, CatchAllAmongMatchesClosesTheRule) {
  auto rule = toV1();
  rule.match = {test::uri(test::exact("/a")), test::uri(test::prefix("/")),
                test::uri(test::exact("/b"))};
  EXPECT_THAT(compiled(rule).matches, SizeIs(0));
  rule.rewrite.emplace().uri = "/x";
  EXPECT_THAT(compiled(rule).matches, SizeIs(2));
  rule.match.erase(rule.match.begin());
  EXPECT_THAT(compiled(rule).matches, SizeIs(0));
  for (const auto& uri : {test::regex(".*"), test::prefix("")}) {
    rule.match = {test::uri(uri)};
    EXPECT_THAT(compiled(rule).matches, SizeIs(1));
  }
}

TEST(HttpRules, AnswersHaveNothingOfForwarding) {
  auto rule = test::answer(200);
  rule.cors_policy.emplace();
  rule.timeout = std::chrono::seconds(1);
  EXPECT_FALSE(compiled(rule).cors);
  EXPECT_FALSE(compiled(rule).timeout);
}

TEST(HttpRules, WhereHostDecidesThePortIsNotInferred) {
  auto world = test::productApi();
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  world.add(test::service("single", {"10.96.0.11"}, {{"http", 9090}}))
      .add(test::virtualService(meta("vs"), {"product-api"}, {test::route({test::to("single")})}));
  const auto destination = routeOf(world)->rules->at(0).destinations[0];
  EXPECT_EQ(destination.cluster, nullptr);
  EXPECT_THAT(destination.missing, HasSubstr("has no port 80"));
}

TEST(HttpRules, WhatIsMissingIsSaid) {
  const auto missing = [](const RouteDestination& to) {
    auto world = test::productApi();
    world.add(test::virtualService(meta("vs"), {kHost}, {test::route({to})}));
    return routeOf(world)->rules->at(0).destinations[0].missing;
  };
  EXPECT_THAT(missing(test::to("nowhere")), HasSubstr("there is no service nowhere.default.svc"));
  EXPECT_THAT(missing(test::to("product-api.default")),
              HasSubstr("write product-api.default.svc.cluster.local"));
  EXPECT_THAT(missing(test::to("product-api", "v9")),
              HasSubstr("DestinationRule default/product-api, which holds here, has no subset v9"));
  EXPECT_EQ(missing(test::to("product-api", "v1")), "");
}

TEST(HttpRules, DestinationMayBeAnAlias) {
  auto alias = test::service("alias", {}, {});
  alias.type = "ExternalName";
  alias.external_name = kHost;
  auto world = test::productApi();
  world.add(alias).add(
      test::virtualService(meta("vs"), {kHost}, {test::route({test::to("alias", "v1")})}));
  EXPECT_EQ(routeOf(world)->rules->at(0).destinations[0].key.host, kHost);
}

TEST(HttpRules, WhereHostDecidesAnAliasIsADestinationOnItsPortsAlone) {
  const auto destination = [](uint16_t port) {
    auto alias = test::service("alias", {}, {{"http", port}});
    alias.type = "ExternalName";
    alias.external_name = kHost;
    auto world = test::productApi();
    world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
    world.add(alias).add(
        test::virtualService(meta("vs"), {kHost}, {test::route({test::to("alias")})}));
    return routeOf(world)->rules->at(0).destinations[0];
  };
  EXPECT_EQ(destination(80).key.host, kHost);
  EXPECT_EQ(destination(81).cluster, nullptr);
  EXPECT_THAT(destination(81).missing, HasSubstr("and has no port 80"));
}

TEST(HttpRules, FirstVirtualServiceWithARuleForTheClientDecides) {
  HttpMatchRequest batch;
  batch.source_labels = {{"app", "batch"}};
  auto world = test::productApi();
  world.add(test::virtualService(meta("old", "default", 1), {kHost}, {test::answer(201, {batch})}))
      .add(test::virtualService(meta("young", "default", 2), {kHost}, {test::answer(202)}))
      .add(test::virtualService(meta("wild", "default", 3), {"*.default.svc.cluster.local"},
                                {test::answer(203)}));
  EXPECT_EQ(routeOf(world, "default/batch")->virtual_service, "default/old");
  const auto route = routeOf(world, "default/web");
  EXPECT_EQ(route->virtual_service, "default/young");
  ASSERT_EQ(route->losers.size(), 2u);
  EXPECT_THAT(route->losers[0].why, HasSubstr("none of its rules"));
  EXPECT_THAT(route->losers[1].why, HasSubstr("less specific"));
}

TEST(HttpRules, OfWildcardsOnlyTheFirstIsAsked) {
  HttpMatchRequest batch;
  batch.source_labels = {{"app", "batch"}};
  auto world = test::productApi();
  world
      .add(test::virtualService(meta("a"), {"*.default.svc.cluster.local"},
                                {test::answer(201, {batch})}))
      .add(test::virtualService(meta("b"), {"*.svc.cluster.local"}, {test::answer(202)}));
  EXPECT_EQ(routeOf(world, "default/batch")->virtual_service, "default/a");
  EXPECT_EQ(routeOf(world, "default/web")->virtual_service, "");
}

}  // namespace
}  // namespace sluice::routing
