// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/explain_destinations.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/explained.h"

namespace sluice::routing {
namespace {

using test::answering;
using test::ask;
using test::meta;

TEST(ExplainDestinations, SharesAreOfOne) {
  auto world = test::productApi();
  world.add(test::virtualService(
      meta("vs"), {"product-api"},
      {test::route({test::to("product-api", "v1", 3), test::to("product-api", "v2", 1)})}));
  EXPECT_DOUBLE_EQ(ask(world).destinations[0].share, 0.75);
}

TEST(ExplainDestinations, MissingDestinationsAnswer503OnTheProxy) {
  const auto to = [](const std::string& subset) {
    HttpMatchRequest match = test::header("x", test::present());
    return test::productApi()
        .add(test::versions(meta("empty"), "product-api", {"v8"}))
        .add(test::virtualService(meta("vs"), {"product-api"},
                                  {test::route({test::to("product-api", "v1")}, {match}),
                                   test::route({test::to("product-api", subset)})}));
  };
  EXPECT_EQ(ask(to("v9")).action, Action::kNoCluster);
  EXPECT_EQ(ask(to("v9")).flag, "NC");
  EXPECT_EQ(ask(to("v8")).action, Action::kNoEndpoints);
  EXPECT_EQ(ask(to("v8")).flag, "UH");
  EXPECT_EQ(ask(to("v8")).status, 503);
  EXPECT_EQ(ask(to("v8")).body, "no healthy upstream");
  EXPECT_EQ(ask(to("v9")).body, std::nullopt);
}

TEST(ExplainDestinations, NamesServeUntilItIsKnownThatTheyDoNot) {
  auto entry = test::entry("partner.test", "HTTP", 80, {}, {"10.96.0.9"});
  entry.resolution = ServiceEntry::Resolution::kDns;
  entry.endpoints.clear();
  test::World world;
  world.add(entry);
  const auto routing = resolve(world.snapshot);
  ExplainRequest call{.from = "default/web", .host = "partner.test"};
  EXPECT_EQ(explain(routing, call)->action, Action::kRoute);
  call.names_are_resolved = true;
  EXPECT_EQ(explain(routing, call)->action, Action::kNoEndpoints);
  EXPECT_EQ(explain(routing, call)->destinations[0].unresolved[0].host, "partner.test");
}

TEST(ExplainDestinations, DestinationsHaveTheirOwnHeadersAndHost) {
  auto rule = test::route({test::to("product-api", "v1", 1), test::to("product-api", "v2", 1)});
  rule.route[0].headers.edit().request.set["Host"] = "one.example";
  rule.route[1].headers.edit().response.remove = {"x-debug"};
  const auto answer = ask(answering(rule));
  ASSERT_EQ(answer.destinations.size(), 2u);
  EXPECT_EQ(answer.destinations[0].headers, *rule.route[0].headers);
  EXPECT_EQ(answer.destinations[0].authority, "one.example");
  EXPECT_EQ(answer.destinations[1].headers, *rule.route[1].headers);
  EXPECT_EQ(answer.destinations[1].authority, "");
  EXPECT_EQ(answer.rewritten_authority, std::nullopt) << "only one of them has another";
}

TEST(ExplainDestinations, HashOfAPortNeedsThePortInTheRoute) {
  auto hashing = test::versions(meta("hashing"), "product-api", {});
  auto& level = hashing.traffic_policy.emplace().port_level_settings.emplace_back();
  level.port = 80;
  level.load_balancer.emplace().consistent_hash.emplace().http_header_name = "x-user";
  auto rule = test::route({test::to("product-api", "v1")});
  EXPECT_THAT(ask(answering(rule).add(hashing)).warnings,
              testing::ElementsAre(testing::HasSubstr("nothing is hashed")));
  rule.route[0].destination.port = 80;
  EXPECT_THAT(ask(answering(rule).add(hashing)).warnings, testing::IsEmpty());
}

TEST(ExplainDestinations, HostOfTheRuleIsThatOfEveryDestination) {
  auto rule = test::route({test::to("product-api", "v1", 1), test::to("product-api", "v2", 1)});
  rule.route[0].headers.edit().request.set["Host"] = "one.example";
  rule.headers.edit().request.set[":authority"] = "rule.example";
  EXPECT_EQ(ask(answering(rule)).rewritten_authority, "rule.example");
}

}  // namespace
}  // namespace sluice::routing
