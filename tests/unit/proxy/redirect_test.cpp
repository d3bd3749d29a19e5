// SPDX-License-Identifier: Apache-2.0
// Where redirects lead.
#include "userspace/proxy/redirect.h"

#include <gtest/gtest.h>

namespace sluice::proxy {
namespace {

routing::RequestMatch withUri(StringMatch::Kind kind, std::string value) {
  routing::RequestMatch match;
  match.uri = {kind, std::move(value)};
  return match;
}

struct To {
  std::string authority = "shop";
  std::string target = "/a?b=1";
  std::string scheme = "http";
  uint16_t service_port = 80;
};

std::string location(const routing::Rule& rule, const To& to = {}) {
  const auto redirect = Redirect::of(rule, to.service_port);
  if (!redirect.ok()) return redirect.error().message();
  return redirect->location(normalizedTarget(to.target), {.method = "GET",
                                                          .scheme = to.scheme,
                                                          .authority = to.authority,
                                                          .target = to.target,
                                                          .headers = {}});
}

routing::Rule ruleOf(HttpRedirect redirect) {
  routing::Rule rule;
  rule.redirect = std::move(redirect);
  return rule;
}

TEST(Redirect, UriReplacesThePathAndKeepsTheQuery) {
  const auto rule = ruleOf({.uri = "/new"});
  EXPECT_EQ(location(rule), "http://shop/new?b=1");
  EXPECT_EQ(location(ruleOf({.uri = "/new?own=1"})), "http://shop/new?own=1");
  EXPECT_EQ(location(rule, {.target = "/a"}), "http://shop/new");
}

TEST(Redirect, WithoutUriThePathIsTheNormalisedOne) {
  EXPECT_EQ(location(ruleOf({.authority = "b"}), {.target = "/x/../a?b=1"}), "http://b/a?b=1");
}

TEST(Redirect, PortOfTheClientStaysUnlessAnotherTakesItsPlace) {
  const To to{.authority = "shop:80", .target = "/"};
  EXPECT_EQ(location(ruleOf({.uri = "/"}), to), "http://shop:80/");
  EXPECT_EQ(location(ruleOf({.scheme = "https"}), to), "https://shop/");
  EXPECT_EQ(location(ruleOf({.port = 8080}), to), "http://shop:8080/");
  EXPECT_EQ(location(ruleOf({.authority = "b"}), to), "http://b/");
  EXPECT_EQ(location(ruleOf({.scheme = "https"}), {.authority = "shop:8080", .target = "/"}),
            "https://shop:8080/");
  EXPECT_EQ(
      location(ruleOf({.uri = "/", .scheme = "https"}), {.authority = "[::1]:80", .target = "/"}),
      "https://[::1]/");
}

TEST(Redirect, SchemeIsTheRequestsUnlessTheRuleSaysAnother) {
  const To secure{.authority = "shop:443", .target = "/", .scheme = "https"};
  EXPECT_EQ(location(ruleOf({.uri = "/n"}), secure), "https://shop:443/n");
  EXPECT_EQ(location(ruleOf({.uri = "/n", .scheme = "http"}), secure), "http://shop/n");
  EXPECT_EQ(location(ruleOf({.port = 443}), secure), "https://shop:443/")
      << "a port is left out by the scheme of the rule alone";
}

TEST(Redirect, DefaultPortsAreLeftOut) {
  EXPECT_EQ(location(ruleOf({.port = 80}), {.target = "/"}), "http://shop/");
  EXPECT_EQ(location(ruleOf({.scheme = "https", .port = 443}), {.target = "/"}), "https://shop/");
  EXPECT_EQ(location(ruleOf({.scheme = "https", .port = 80}), {.target = "/"}), "https://shop:80/");
}

TEST(Redirect, PortOfTheRequestIsTheServices) {
  const auto rule =
      ruleOf({.scheme = "https", .derive_port = HttpRedirect::DerivePort::kFromRequestPort});
  EXPECT_EQ(location(rule, {.target = "/", .service_port = 80}), "https://shop:80/");
  EXPECT_EQ(location(rule, {.target = "/", .service_port = 443}), "https://shop/");
}

TEST(Redirect, WhatARuleWritesCannotSplitTheAnswer) {
  EXPECT_EQ(location(ruleOf({.uri = "/a\r\nX: b#c"}), {.target = "/"}),
            "http://shop/a%0D%0AX:%20b#c");
}

TEST(Redirect, PrefixIsTheOneOfTheMatchThatHolds) {
  auto rule = ruleOf({.prefix_rewrite = "/n"});
  rule.matches = {withUri(StringMatch::Kind::kPrefix, "/long"),
                  withUri(StringMatch::Kind::kPrefix, "/a")};
  EXPECT_EQ(location(rule, {.target = "/long/x?b"}), "http://shop/n/x?b");
  EXPECT_EQ(location(rule, {.target = "/a/x"}), "http://shop/n/x");
}

TEST(PathRewrite, TakesWhatTheConditionHasMatched) {
  const auto rewritten = [](std::vector<routing::RequestMatch> matches, std::string target) {
    routing::Rule rule;
    rule.matches = std::move(matches);
    return PathRewrite::ofMatched(rule, "/new")->apply(target, {.target = target, .headers = {}});
  };
  EXPECT_EQ(rewritten({withUri(StringMatch::Kind::kPrefix, "/a")}, "/api?q"), "/newpi?q");
  EXPECT_EQ(rewritten({withUri(StringMatch::Kind::kExact, "/a/b")}, "/a/b?q"), "/new?q");
  EXPECT_EQ(rewritten({withUri(StringMatch::Kind::kRegex, "/a.*")}, "/a/b?q"), "/new?q");
  EXPECT_EQ(rewritten({}, "/a/b"), "/newa/b");
}

TEST(PathRewrite, RegexReplacesEveryMatchInThePathAlone) {
  const auto rewrite = PathRewrite::ofRegex({"a(.)", "<\\1>"});
  ASSERT_TRUE(rewrite.ok());
  EXPECT_EQ(rewrite->apply("/ab/ac?ad", {}), "/<b>/<c>?ad");
  EXPECT_FALSE(PathRewrite::ofRegex({"(", ""}).ok());
}

TEST(PathRewrite, WhatCannotStandInARequestLineIsEscaped) {
  routing::Rule rule;
  const auto rewrite = PathRewrite::ofMatched(rule, "/a b\r\nX: y");
  EXPECT_EQ(rewrite->apply("/", {}), "/a%20b%0D%0AX:%20y");
}

}  // namespace
}  // namespace sluice::proxy
