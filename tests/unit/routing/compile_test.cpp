// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/compile.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::addresses;
using test::guarded;
using test::meta;
using test::routeOf;
using test::sendTo;
using test::subsetOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Compile, SourceLabelsAndNamespaceChooseRulesForAClient) {
  HttpMatchRequest match;
  match.source_labels = {{"app", "web"}};
  match.source_namespace = "default";
  auto world = test::productApi();
  world.add(guarded(match));
  EXPECT_EQ(subsetOf(routeOf(world, "default/web")), "v2");
  EXPECT_EQ(subsetOf(routeOf(world, "default/other")), "v1");
  EXPECT_EQ(subsetOf(routeOf(world, "shop/web")), "v1");
  EXPECT_EQ(routeOf(world, "shop/web")->skipped->front().index, 0);
}

TEST(Compile, MatchThatNamesGatewaysDoesNotLookAtTheClient) {
  HttpMatchRequest match;
  match.source_labels = {{"app", "nobody"}};
  match.gateways = {"mesh"};
  auto world = test::productApi();
  EXPECT_EQ(subsetOf(routeOf(world.add(guarded(match)))), "v2");
  match.gateways = {"edge"};
  auto other = test::productApi();
  EXPECT_EQ(subsetOf(routeOf(other.add(guarded(match)))), "v1");
}

TEST(Compile, PortOfAMatchIsTheCalledOne) {
  HttpMatchRequest match;
  match.port = 81;
  auto world = test::productApi();
  EXPECT_EQ(subsetOf(routeOf(world.add(guarded(match)))), "v1");
}

TEST(Compile, WhenNoRuleIsLeftTheDefaultStays) {
  HttpMatchRequest match;
  match.port = 81;
  auto world = test::productApi();
  world.add(test::virtualService(meta("vs"), {"product-api"},
                                 {test::route({test::to("product-api", "v2")}, {match})}));
  const auto route = routeOf(world);
  EXPECT_EQ(route->rules->front().index, -1);
  EXPECT_EQ(route->virtual_service, "");
  EXPECT_EQ(route->path, Path::kConnect);
}

TEST(Compile, RulesBehindACatchAllAreUnreachable) {
  HttpMatchRequest everything;
  everything.uri = test::prefix("/");
  auto world = test::productApi();
  world.add(test::virtualService(meta("vs"), {"product-api"},
                                 {test::route({test::to("product-api", "v1")}, {everything}),
                                  test::route({test::to("product-api", "v2")})}));
  const auto route = routeOf(world);
  ASSERT_EQ(route->rules->size(), 1u);
  EXPECT_TRUE(route->rules->at(0).matches.empty());
  ASSERT_EQ(route->skipped->size(), 1u);
  EXPECT_THAT(route->skipped->at(0).why, HasSubstr("matches everything"));
}

TEST(Compile, UnknownDestinationIsNullAndKeepsItsShare) {
  auto world = test::productApi();
  world.add(test::virtualService(
      meta("vs"), {"product-api"},
      {test::route({test::to("product-api", "v1", 60), test::to("product-api", "v9", 30),
                    test::to("nowhere", "", 10), test::to("product-api", "v2", 0)})}));
  const auto route = routeOf(world);
  const auto& destinations = route->rules->front().destinations;
  ASSERT_EQ(destinations.size(), 3u);
  EXPECT_NE(destinations[0].cluster, nullptr);
  EXPECT_EQ(destinations[1].cluster, nullptr);
  EXPECT_EQ(destinations[2].cluster, nullptr);
  EXPECT_EQ(destinations[1].weight, 30u);
}

TEST(Compile, OmittedPortIsTheCalledOneElseTheOnlyOne) {
  auto world = test::productApi();
  world.add(test::service("other", {"10.96.0.11"}, {{"http", 9090}}))
      .add(test::service("both", {"10.96.0.12"}, {{"http", 80}, {"http-b", 81}}))
      .add(test::service("neither", {"10.96.0.13"}, {{"http", 82}, {"http-b", 83}}))
      .add(test::virtualService(meta("vs"), {"product-api"},
                                {test::route({test::to("other", "", 1), test::to("both", "", 1),
                                              test::to("neither", "", 1)})}));
  const auto route = routeOf(world);
  const auto& destinations = route->rules->front().destinations;
  EXPECT_EQ(destinations[0].key.port, 9090);
  EXPECT_EQ(destinations[1].key.port, 80);
  EXPECT_EQ(destinations[2].cluster, nullptr);
}

TEST(Compile, SubsetsChooseByThePodsLabels) {
  auto world = test::productApi();
  const auto route = routeOf(world.add(sendTo(meta("vs"), "v1")));
  EXPECT_THAT(addresses(route->rules->front().destinations.front().cluster),
              ElementsAre("10.1.0.1:8080", "10.1.0.2:8080"));
}

}  // namespace
}  // namespace sluice::routing
