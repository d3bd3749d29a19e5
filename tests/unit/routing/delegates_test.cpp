// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/delegates.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::answer;
using test::exact;
using test::meta;
using test::prefix;
using test::regex;
using test::routeOf;
using test::uri;
using testing::ElementsAre;
using testing::HasSubstr;

HttpRoute delegateTo(const std::string& name, std::vector<HttpMatchRequest> matches = {},
                     const std::string& in = "") {
  HttpRoute rule;
  rule.delegate = Delegate{name, in};
  rule.match = std::move(matches);
  return rule;
}

/// What requests on product-api meet when `rule` is followed by a rule that answers 404.
std::shared_ptr<const ServiceRoute> delegating(HttpRoute rule, const VirtualService& leaf) {
  auto world = test::productApi();
  world.add(test::virtualService(meta("root"), {"product-api"}, {std::move(rule), answer(404)}));
  return routeOf(world.add(leaf));
}

bool merges(const HttpMatchRequest& root, const HttpMatchRequest& leaf) {
  std::vector<HttpMatchRequest> merged;
  return mergeMatches({root}, {leaf}, merged);
}

TEST(Delegates, RulesOfTheLeafStandWhereTheRootNamesIt) {
  const auto leaf =
      test::virtualService(meta("leaf"), {}, {answer(201, {uri(prefix("/p/a"))}), answer(202)});
  const auto route = delegating(delegateTo("leaf", {uri(prefix("/p"))}), leaf);
  ASSERT_EQ(route->rules->size(), 3u);
  EXPECT_EQ(route->rules->at(0).matches.front().uri, prefix("/p/a"));
  EXPECT_EQ(route->rules->at(1).matches.front().uri, prefix("/p"));
  EXPECT_EQ(route->rules->at(1).index, 1);
  EXPECT_EQ(route->rules->at(1).delegate, "default/leaf");
  EXPECT_EQ(route->rules->at(2).delegate, "");
}

TEST(Delegates, LeafRuleOutsideTheRootsMatchIsDropped) {
  const auto leaf = test::virtualService(meta("leaf"), {}, {answer(201, {uri(prefix("/z"))})});
  const auto route = delegating(delegateTo("leaf", {uri(prefix("/p"))}), leaf);
  EXPECT_EQ(route->rules->size(), 1u);
  ASSERT_EQ(route->skipped->size(), 1u);
  EXPECT_EQ(route->skipped->at(0).delegate, "default/leaf");
  EXPECT_THAT(route->skipped->at(0).why, HasSubstr("inside"));
}

TEST(Delegates, MissingOrInvisibleOnesCostOnlyTheirRule) {
  auto leaf = test::virtualService(meta("leaf", "billing"), {}, {answer(201)});
  EXPECT_EQ(delegating(delegateTo("leaf"), leaf)->rules->size(), 1u);
  EXPECT_EQ(delegating(delegateTo("leaf", {}, "billing"), leaf)->rules->front().delegate,
            "billing/leaf");
  leaf.export_to = {"shop"};
  const auto hidden = delegating(delegateTo("leaf", {}, "billing"), leaf);
  EXPECT_EQ(hidden->rules->size(), 1u);
  EXPECT_THAT(hidden->skipped->at(0).why, HasSubstr("not exported"));
}

TEST(Delegates, MatchesAreCombinedPairwise) {
  std::vector<HttpMatchRequest> merged;
  const auto header = test::header("x-team", exact("one"));
  ASSERT_TRUE(mergeMatches({uri(prefix("/a")), uri(exact("/b"))}, {header}, merged));
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[0].uri, prefix("/a"));
  EXPECT_EQ(merged[1].uri, exact("/b"));
  EXPECT_EQ(merged[1].headers, header.headers);
}

TEST(Delegates, OneMatchOfALeafThatFitsNoneDropsTheRule) {
  std::vector<HttpMatchRequest> merged;
  EXPECT_FALSE(mergeMatches({uri(prefix("/a"))}, {uri(prefix("/a/x")), uri(prefix("/b"))}, merged));
}

TEST(Delegates, PairsOfMatchesAreLimited) {
  const auto many = [](size_t count) {
    return std::vector<HttpMatchRequest>(count, test::header("x", exact("1")));
  };
  const auto leaf = test::virtualService(meta("leaf"), {}, {answer(201, many(500)), answer(202)});
  EXPECT_EQ(delegating(delegateTo("leaf", many(kMaxDelegatedMatches / 501)), leaf)->rules->size(),
            3u);
  const auto route = delegating(delegateTo("leaf", many(kMaxDelegatedMatches / 500)), leaf);
  EXPECT_EQ(route->rules->size(), 1u);
  ASSERT_EQ(route->skipped->size(), 1u);
  EXPECT_THAT(route->skipped->at(0).why, HasSubstr("more than 250000 pairs"));
}

TEST(Delegates, PairsOfMatchesCountForEachHost) {
  const auto leaf = std::make_shared<const VirtualService>(test::virtualService(
      meta("leaf"), {},
      {answer(201, std::vector<HttpMatchRequest>(1000, test::header("x", exact("1"))))}));
  const auto rules_of = [&](size_t hosts) {
    const auto root = std::make_shared<const VirtualService>(test::virtualService(
        meta("root"), std::vector<std::string>(hosts, "a"), {delegateTo("leaf")}));
    const auto find = [&](const auto&, const auto&, auto&) { return leaf; };
    return delegatedRules(root, find, "cluster.local").rules.size();
  };
  EXPECT_EQ(rules_of(kMaxDelegatedMatches / 1000), 1u);
  EXPECT_EQ(rules_of(kMaxDelegatedMatches / 1000 + 1), 0u);
}

TEST(Delegates, TextsLieInsideEachOther) {
  EXPECT_TRUE(merges(uri(prefix("/a")), uri(prefix("/a/b"))));
  EXPECT_TRUE(merges(uri(prefix("/a")), uri(exact("/ab"))));
  EXPECT_TRUE(merges(uri(exact("/a")), uri(exact("/a"))));
  EXPECT_FALSE(merges(uri(exact("/a")), uri(prefix("/a"))));
  EXPECT_FALSE(merges(uri(prefix("/a/b")), uri(prefix("/a"))));
  EXPECT_FALSE(merges(uri(regex("/a.*")), uri(exact("/a"))));
  EXPECT_FALSE(merges(uri(prefix("/a")), uri(regex("/a.*"))));
  EXPECT_TRUE(merges(uri(regex("/a.*")), test::header("x", exact("1"))));
  EXPECT_FALSE(merges(test::header("x", test::present()), test::header("x", exact("1"))));
}

TEST(Delegates, SourcesMustAgree) {
  HttpMatchRequest root, leaf;
  root.port = 80;
  leaf.port = 81;
  EXPECT_FALSE(merges(root, leaf));
  leaf.port = 80;
  root.source_labels = {{"app", "web"}};
  leaf.source_labels = {{"env", "prod"}};
  EXPECT_TRUE(merges(root, leaf));
  leaf.source_labels = {{"app", "batch"}};
  EXPECT_FALSE(merges(root, leaf));
  leaf.source_labels = {};
  root.source_namespace = "shop";
  EXPECT_FALSE(merges(root, leaf));
  leaf.source_namespace = "shop";
  EXPECT_TRUE(merges(root, leaf));
  root.gateways = {"mesh"};
  leaf.gateways = {"edge"};
  EXPECT_FALSE(merges(root, leaf));
  leaf.gateways = {};
  leaf.ignore_uri_case = true;
  EXPECT_FALSE(merges(root, leaf));
}

TEST(Delegates, LeafInheritsWhatItDoesNotSay) {
  auto root = delegateTo("leaf", {}, "billing");
  root.name = "root";
  root.timeout = std::chrono::seconds(5);
  root.mirror = Destination{"product-api", "", {}};
  auto first = test::route({test::to(test::kHost)});
  first.name = "first";
  first.match = {uri(prefix("/1"))};
  first.timeout = std::chrono::seconds(1);
  auto second = test::route({test::to(test::kHost)});
  const auto route =
      delegating(root, test::virtualService(meta("leaf", "billing"), {}, {first, second}));
  EXPECT_EQ(route->rules->at(0).name, "root-first");
  EXPECT_EQ(route->rules->at(0).timeout, std::chrono::seconds(1));
  EXPECT_EQ(route->rules->at(1).name, "root");
  EXPECT_EQ(route->rules->at(1).timeout, std::chrono::seconds(5));
  ASSERT_EQ(route->rules->at(1).mirrors.size(), 1u);
  EXPECT_EQ(route->rules->at(1).mirrors[0].target.key.host, test::kHost);
}

TEST(Delegates, ShortNamesOfALeafAreOfItsNamespace) {
  const auto leaf =
      test::virtualService(meta("leaf", "billing"), {}, {test::route({test::to("invoice")})});
  const auto route = delegating(delegateTo("leaf", {}, "billing"), leaf);
  EXPECT_EQ(route->rules->at(0).destinations[0].key.host, "invoice.billing.svc.cluster.local");
}

}  // namespace
}  // namespace sluice::routing
