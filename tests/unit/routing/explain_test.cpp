// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/explain.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/builders.h"
#include "userspace/routing/resolve.h"

namespace sluice::routing {
namespace {

using test::meta;
using test::World;

World headerRule() {
  HttpMatchRequest beta = test::header("user-group", test::exact("beta"));
  return test::productApi()
      .add(test::virtualService(meta("product-api"), {"product-api"},
                                {test::route({test::to("product-api", "v2")}, {beta}),
                                 test::route({test::to("product-api", "v1")})}))
      .add(test::workload("web"));
}

Explanation ask(const World& world, ExplainRequest request = {}) {
  if (request.from.empty()) request.from = "default/web";
  if (request.host.empty()) request.host = "product-api";
  auto explanation = explain(resolve(world.snapshot), request);
  EXPECT_TRUE(explanation.ok());
  return *explanation;
}

TEST(Explain, NamesTheRuleItsDestinationAndTheRulesBefore) {
  const auto answer = ask(headerRule());
  EXPECT_EQ(answer.action, Action::kRoute);
  EXPECT_EQ(answer.virtual_service, "default/product-api");
  EXPECT_EQ(answer.rule_index, 1);
  ASSERT_EQ(answer.destinations.size(), 1u);
  EXPECT_EQ(answer.destinations[0].cluster.subset, "v1");
  EXPECT_EQ(answer.destinations[0].endpoints.size(), 2u);
  EXPECT_EQ(answer.destinations[0].destination_rule, "default/product-api");
  EXPECT_EQ(answer.path, Path::kProxy);
  EXPECT_EQ(answer.reasons.front().code, "SLU4001");
  ASSERT_EQ(answer.skipped.size(), 1u);
  EXPECT_EQ(answer.skipped[0].why, "headers[user-group] does not match");
}

TEST(Explain, HeadersOfTheRequestCount) {
  ExplainRequest request;
  request.headers = {{"User-Group", "beta"}};
  EXPECT_EQ(ask(headerRule(), request).destinations[0].cluster.subset, "v2");
}

TEST(Explain, SharesAreOfOne) {
  auto world = test::productApi();
  world.add(test::virtualService(
      meta("vs"), {"product-api"},
      {test::route({test::to("product-api", "v1", 3), test::to("product-api", "v2", 1)})}));
  EXPECT_DOUBLE_EQ(ask(world).destinations[0].share, 0.75);
}

TEST(Explain, EverySpellingOfTheServiceIsUnderstood) {
  const auto world = headerRule();
  for (const auto* host : {"product-api", "Product-API.default", "product-api.default.svc",
                           "product-api.default.svc.cluster.local",
                           "product-api.default.svc.cluster.local.", "10.96.0.10"})
    EXPECT_EQ(ask(world, {"default/web", host, {}}).action, Action::kRoute) << host;
  EXPECT_EQ(ask(world, {"shop/web", "product-api", {}}).action, Action::kPassthrough);
  EXPECT_EQ(ask(world, {"shop/web", "product-api.default", {}}).action, Action::kRoute);
  EXPECT_EQ(ask(world, {"default/web", "product-api", 81}).action, Action::kPassthrough);
}

TEST(Explain, NothingThatMatchesIsNotFound) {
  auto world = test::productApi();
  HttpMatchRequest match;
  match.uri = test::exact("/only");
  world.add(test::virtualService(meta("vs"), {"product-api"},
                                 {test::route({test::to("product-api", "v1")}, {match})}));
  const auto answer = ask(world);
  EXPECT_EQ(answer.action, Action::kNotFound);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.flag, "NR");
}

TEST(Explain, MissingDestinationsAnswer503OnTheProxy) {
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
}

TEST(Explain, AuthorityIsTheHostAsItWasGiven) {
  auto world = test::productApi();
  HttpMatchRequest match;
  match.authority = test::exact("product-api:80");
  world.add(test::virtualService(meta("vs"), {"product-api"},
                                 {test::route({test::to("product-api", "v1")}, {match})}));
  EXPECT_EQ(ask(world).action, Action::kNotFound);
  EXPECT_EQ(ask(world, {"default/web", "product-api", 80}).action, Action::kRoute);
}

}  // namespace
}  // namespace sluice::routing
