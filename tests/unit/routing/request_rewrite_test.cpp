// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/request_rewrite.h"

#include <gtest/gtest.h>

#include "tests/unit/routing/builders.h"

namespace sluice::routing {
namespace {

RequestMatch path(StringMatch uri) {
  RequestMatch match;
  match.uri = std::move(uri);
  return match;
}

std::string rewritten(const std::string& uri, StringMatch matched, const std::string& target) {
  HttpRewrite rewrite;
  rewrite.uri = uri;
  const auto match = path(std::move(matched));
  return rewrittenTarget(rewrite, &match, target);
}

TEST(Rewrite, MatchedPrefixIsReplacedAsText) {
  EXPECT_EQ(rewritten("/v1", test::prefix("/shop"), "/shopping?y=1"), "/v1ping?y=1");
  EXPECT_EQ(rewritten("/", test::prefix("/strip"), "/strip/api"), "//api");
  EXPECT_EQ(rewritten("/n?own=1", test::prefix("/q"), "/q/x?old=1"), "/n?own=1/x?old=1");
}

TEST(Rewrite, ExactAndRegexAreReplacedWhole) {
  EXPECT_EQ(rewritten("/new", test::exact("/foo"), "/foo?key=value"), "/new?key=value");
  EXPECT_EQ(rewritten("/fixed", test::regex("/r/.*"), "/r/a/b?c=d"), "/fixed?c=d");
}

TEST(Rewrite, WithoutAPathTheFirstSlashIsReplaced) {
  HttpRewrite rewrite;
  rewrite.uri = "/new";
  EXPECT_EQ(rewrittenTarget(rewrite, nullptr, "/a/b"), "/newa/b");
}

TEST(Rewrite, RegexReplacesEachOfItsMatchesAndNotTheQuery) {
  HttpRewrite rewrite;
  rewrite.uri_regex_rewrite = RegexRewrite{"([a-z])1", "\\1"};
  EXPECT_EQ(rewrittenTarget(rewrite, nullptr, "/a1/b1?c1=d1"), "/a/b?c1=d1");
}

TEST(Rewrite, AuthorityOfTheRuleBeatsThatOfTheDestination) {
  Rule rule;
  Headers destination;
  destination.request.set["Host"] = "dest";
  EXPECT_EQ(upstreamAuthority(rule, destination), "dest");
  rule.headers.edit().request.set[":authority"] = "route";
  EXPECT_EQ(upstreamAuthority(rule, destination), "route");
  rule.rewrite.emplace().authority = "rewrite";
  EXPECT_EQ(upstreamAuthority(rule, destination), "rewrite");
}

std::string location(const HttpRedirect& redirect, const std::string& authority,
                     const std::string& target, uint16_t port = 80) {
  return redirectLocation(redirect, nullptr, {"http", authority, target, port});
}

TEST(Redirect, PathQueryAndHost) {
  HttpRedirect redirect;
  redirect.uri = "/new";
  EXPECT_EQ(location(redirect, "catalog", "/old?key=value"), "http://catalog/new?key=value");
  redirect.uri = "/new?own=1";
  EXPECT_EQ(location(redirect, "catalog", "/u?old=1"), "http://catalog/new?own=1");
  redirect.uri.clear();
  redirect.authority = "new.example";
  EXPECT_EQ(location(redirect, "catalog:80", "/a/b?c=1"), "http://new.example/a/b?c=1");
}

TEST(Redirect, PrefixIsReplacedAsFarAsItMatched) {
  HttpRedirect redirect;
  redirect.prefix_rewrite = "/";
  const auto match = path(test::prefix("/old/"));
  EXPECT_EQ(redirectLocation(redirect, &match, {"http", "catalog", "/old/a/b", 80}),
            "http://catalog/a/b");
}

TEST(Redirect, PortOfTheClientStaysUnlessItWasTheOldSchemesOwn) {
  HttpRedirect redirect;
  EXPECT_EQ(location(redirect, "catalog:80", "/"), "http://catalog:80/");
  redirect.scheme = "https";
  EXPECT_EQ(location(redirect, "catalog:80", "/"), "https://catalog/");
  EXPECT_EQ(location(redirect, "catalog:8080", "/"), "https://catalog:8080/");
}

TEST(Redirect, SchemeIsTheRequestsUnlessTheRuleSaysAnother) {
  const RedirectedRequest secure{"https", "catalog:443", "/", 443};
  HttpRedirect redirect;
  EXPECT_EQ(redirectLocation(redirect, nullptr, secure), "https://catalog:443/");
  redirect.scheme = "http";
  EXPECT_EQ(redirectLocation(redirect, nullptr, secure), "http://catalog/");
}

/// Istio looks at the rule's scheme alone: a redirect that leaves the request's https writes :443.
TEST(Redirect, PortIsComparedWithTheSchemeOfTheRule) {
  const RedirectedRequest secure{"https", "catalog", "/", 443};
  HttpRedirect redirect;
  redirect.port = 443;
  EXPECT_EQ(redirectLocation(redirect, nullptr, secure), "https://catalog:443/");
  redirect.port = 80;
  EXPECT_EQ(redirectLocation(redirect, nullptr, secure), "https://catalog/");
  // Longer than what a std::string holds without an allocation: a view of a copy would dangle.
  redirect.scheme = std::string(64, 'x');
  EXPECT_EQ(redirectLocation(redirect, nullptr, secure), redirect.scheme + "://catalog:80/");
}

TEST(Redirect, PortsAreLeftOutWhenTheSchemeImpliesThem) {
  HttpRedirect redirect;
  redirect.derive_port = HttpRedirect::DerivePort::kFromRequestPort;
  EXPECT_EQ(location(redirect, "multi", "/a", 80), "http://multi/a");
  EXPECT_EQ(location(redirect, "multi:80", "/a", 8081), "http://multi:8081/a");
  redirect.scheme = "https";
  EXPECT_EQ(location(redirect, "multi", "/b", 80), "https://multi:80/b");
  redirect.derive_port.reset();
  redirect.port = 443;
  EXPECT_EQ(location(redirect, "multi", "/b", 80), "https://multi/b");
}

}  // namespace
}  // namespace sluice::routing
