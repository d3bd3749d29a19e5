// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/matcher.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/builders.h"

namespace sluice::routing {
namespace {

using test::exact;
using test::prefix;
using test::present;
using test::regex;

/// A request that owns what it says.
struct Request {
  std::string target = "/";
  std::vector<HeaderView> headers = {};
  std::string method = "GET";
  std::string authority = "catalog";

  RequestView view() const { return {method, "http", authority, target, headers}; }
};

bool holds(const RequestMatch& match, const Request& request) {
  Rule rule;
  rule.matches = {match};
  const auto matcher = Matcher::compile(std::span<const Rule>(&rule, 1));
  EXPECT_TRUE(matcher.ok());
  return (*matcher)->firstMatch(request.view()).has_value();
}

RequestMatch uri(StringMatch text, bool ignore_case = false) {
  RequestMatch match;
  match.uri = std::move(text);
  match.ignore_uri_case = ignore_case;
  return match;
}

RequestMatch header(const std::string& name, StringMatch text) {
  RequestMatch match;
  match.headers[name] = std::move(text);
  return match;
}

RequestMatch without(const std::string& name, StringMatch text) {
  RequestMatch match;
  match.without_headers[name] = std::move(text);
  return match;
}

RequestMatch query(const std::string& name, StringMatch text) {
  RequestMatch match;
  match.query_params[name] = std::move(text);
  return match;
}

TEST(Matcher, UriIsThePathWithoutQuery) {
  EXPECT_TRUE(holds(uri(exact("/one")), {"/one?x=1"}));
  EXPECT_FALSE(holds(uri(exact("/one")), {"/one/"}));
  EXPECT_TRUE(holds(uri(prefix("/api")), {"/apiary"}));
  EXPECT_FALSE(holds(uri(prefix("/api")), {"/ap"}));
  EXPECT_TRUE(holds(uri(regex("/v[0-9]+")), {"/v12?q"}));
  EXPECT_FALSE(holds(uri(regex("/v[0-9]")), {"/v12"}));
  EXPECT_TRUE(holds(uri(exact("/one")), {"/a/../%6fne"}));
}

TEST(Matcher, UriCaseIsIgnoredOnDemandExceptInExpressions) {
  EXPECT_FALSE(holds(uri(exact("/One")), {"/one"}));
  EXPECT_TRUE(holds(uri(exact("/One"), true), {"/oNE"}));
  EXPECT_TRUE(holds(uri(prefix("/API"), true), {"/api/x"}));
  EXPECT_FALSE(holds(uri(regex("/One"), true), {"/one"}));
}

TEST(Matcher, HeaderNamesIgnoreCaseAndValuesDoNot) {
  EXPECT_TRUE(holds(header("user-group", exact("beta")), {"/", {{"User-Group", "beta"}}}));
  EXPECT_FALSE(holds(header("user-group", exact("beta")), {"/", {{"user-group", "Beta"}}}));
  EXPECT_FALSE(holds(header("user-group", exact("beta")), {"/"}));
}

TEST(Matcher, RepeatedHeaderLinesAreComparedOneByOne) {
  const Request request{"/", {{"x", "a"}, {"x", "b"}}};
  EXPECT_TRUE(holds(header("x", exact("b")), request));
  EXPECT_FALSE(holds(header("x", exact("a,b")), request));
  EXPECT_FALSE(holds(without("x", exact("b")), request));
  EXPECT_TRUE(holds(without("x", exact("c")), request));
}

TEST(Matcher, PresenceHoldsForEmptyValues) {
  EXPECT_TRUE(holds(header("x", present()), {"/", {{"x", ""}}}));
  EXPECT_FALSE(holds(header("x", present()), {"/"}));
  EXPECT_FALSE(holds(header("x", regex(".*")), {"/"}));
  EXPECT_FALSE(holds(header("x", exact("")), {"/"}));
  EXPECT_TRUE(holds(header("x", exact("")), {"/", {{"x", ""}}}));
}

TEST(Matcher, AbsentHeaderIsEmptyForWithoutHeaders) {
  EXPECT_TRUE(holds(without("x", exact("jason")), {"/"}));
  EXPECT_FALSE(holds(without("x", regex(".*")), {"/"}));
  EXPECT_FALSE(holds(without("x", exact("")), {"/"}));
  EXPECT_TRUE(holds(without("x", present()), {"/"}));
  EXPECT_FALSE(holds(without("x", present()), {"/", {{"x", ""}}}));
  EXPECT_TRUE(holds(without("x", regex("*")), {"/"}));
  EXPECT_FALSE(holds(without("x", regex("*")), {"/", {{"x", "y"}}}));
}

TEST(Matcher, PseudoHeadersAreHeaders) {
  EXPECT_TRUE(holds(header(":method", exact("GET")), {"/"}));
  EXPECT_TRUE(holds(header(":path", exact("/a?b=1")), {"/x/../a?b=1"}));
  EXPECT_TRUE(holds(header("host", exact("catalog")), {"/"}));
  EXPECT_FALSE(holds(header(":unknown", present()), {"/"}));
}

TEST(Matcher, AuthorityIsComparedAsWritten) {
  RequestMatch match;
  match.authority = exact("catalog:80");
  EXPECT_TRUE(holds(match, {"/", {}, "GET", "catalog:80"}));
  EXPECT_FALSE(holds(match, {"/", {}, "GET", "Catalog:80"}));
  EXPECT_FALSE(holds(match, {"/", {}, "GET", "catalog"}));
}

TEST(Matcher, OnlyTheFirstQueryParameterCountsAndStaysEncoded) {
  EXPECT_TRUE(holds(query("x", exact("1")), {"/?y=0&x=1&x=2"}));
  EXPECT_FALSE(holds(query("x", exact("2")), {"/?x=1&x=2"}));
  EXPECT_TRUE(holds(query("x", exact("a%20b")), {"/?x=a%20b"}));
  EXPECT_FALSE(holds(query("x", exact("a b")), {"/?x=a%20b"}));
  EXPECT_TRUE(holds(query("flag", exact("")), {"/?flag"}));
  EXPECT_TRUE(holds(query("flag", present()), {"/?flag"}));
  EXPECT_FALSE(holds(query("flag", present()), {"/?flagged=1"}));
  EXPECT_FALSE(holds(query("X", present()), {"/?x=1"}));
  EXPECT_TRUE(holds(query("x", exact("a=b")), {"/?x=a=b"}));
}

TEST(Matcher, MethodAndSchemeAreConditions) {
  RequestMatch match;
  match.method = exact("POST");
  EXPECT_FALSE(holds(match, {"/"}));
  EXPECT_TRUE(holds(match, {"/", {}, "POST"}));
  match.scheme = exact("https");
  EXPECT_FALSE(holds(match, {"/", {}, "POST"}));
}

TEST(Matcher, FirstRuleWinsAndItsAlternativesAreTriedInTurn) {
  std::vector<Rule> rules(3);
  rules[0].matches = {uri(exact("/a")), uri(exact("/b"))};
  rules[1].matches = {uri(prefix("/"))};
  const auto matcher = Matcher::compile(rules);
  ASSERT_TRUE(matcher.ok());
  EXPECT_EQ((*matcher)->firstMatch(Request{"/b"}.view()), 0u);
  EXPECT_EQ((*matcher)->firstMatch(Request{"/c"}.view()), 1u);
  EXPECT_EQ((*matcher)->firstMatch(Request{"*"}.view()), 2u);
  EXPECT_EQ((*Matcher::compile({}))->firstMatch(Request{"/"}.view()), std::nullopt);
}

TEST(Matcher, ManyLinesOfOneHeaderAreAllCompared) {
  Request request{"/"};
  for (int i = 0; i < 20; ++i) request.headers.push_back({"x", "a"});
  EXPECT_FALSE(holds(header("x", exact("b")), request));
  EXPECT_TRUE(holds(without("x", exact("b")), request));
  request.headers.push_back({"x", "b"});
  EXPECT_TRUE(holds(header("x", exact("b")), request));
  EXPECT_FALSE(holds(without("x", exact("b")), request));
}

TEST(Matcher, ManyParametersAreAllRead) {
  std::string target = "/?";
  for (int i = 0; i < 200; ++i) target += "p" + std::to_string(i) + "=1&";
  EXPECT_TRUE(holds(query("x", exact("1")), {target + "x=1"}));
  EXPECT_FALSE(holds(query("x", exact("1")), {target + "x=2"}));
}

TEST(Matcher, EmptyParametersHaveEmptyNames) {
  EXPECT_TRUE(holds(query("", present()), {"/?&x=1"}));
  EXPECT_TRUE(holds(query("", exact("1")), {"/?=1"}));
  EXPECT_FALSE(holds(query("", present()), {"/?x=1&"}));
  EXPECT_FALSE(holds(query("", present()), {"/?"}));
}

TEST(Matcher, ExpressionsThatNoTableHoldsAreAskedInTurn) {
  std::vector<Rule> rules(3);
  rules[0].matches = {uri(regex("/a\\b.*"))};
  rules[1].matches = {uri(regex("/a[[:alpha:]]"))};
  rules[2].matches = {uri(prefix("/a"))};
  const auto matcher = Matcher::compile(rules);
  ASSERT_TRUE(matcher.ok());
  EXPECT_EQ((*matcher)->firstMatch(Request{"/a-"}.view()), 0u);
  EXPECT_EQ((*matcher)->firstMatch(Request{"/ab"}.view()), 1u);
  EXPECT_EQ((*matcher)->firstMatch(Request{"/a1"}.view()), 2u);
}

TEST(Matcher, RulesBeyondTheLastBitAreReached) {
  std::vector<Rule> rules(MATCH_MAX_ALTERNATIVES + 2);
  for (auto& rule : rules) rule.matches = {uri(exact("/a"))};
  rules[MATCH_MAX_ALTERNATIVES].matches = {uri(exact("/last"))};
  const auto matcher = Matcher::compile(rules);
  ASSERT_TRUE(matcher.ok());
  EXPECT_EQ((*matcher)->firstMatch(Request{"/last"}.view()), size_t{MATCH_MAX_ALTERNATIVES});
  EXPECT_EQ((*matcher)->firstMatch(Request{"/a"}.view()), 0u);
  EXPECT_EQ((*matcher)->firstMatch(Request{"/b"}.view()), std::nullopt);
}

TEST(Matcher, FailureNamesTheConditionOfTheNearestAlternative) {
  std::vector<Rule> rules(1);
  rules[0].matches = {uri(exact("/other")), uri(prefix("/a"))};
  rules[0].matches[1].headers["user-group"] = exact("beta");
  const auto matcher = Matcher::compile(rules);
  ASSERT_TRUE(matcher.ok());
  EXPECT_EQ((*matcher)->firstFailure(0, Request{"/a"}.view()), "headers[user-group]");
  EXPECT_EQ((*matcher)->firstFailure(0, Request{"/x"}.view()), "uri");
  EXPECT_EQ((*matcher)->firstFailure(0, Request{"/other"}.view()), "");
}

TEST(Matcher, BadExpressionIsRefused) {
  std::vector<Rule> rules(1);
  rules[0].matches = {uri(regex("("))};
  const auto matcher = Matcher::compile(rules);
  ASSERT_FALSE(matcher.ok());
  EXPECT_EQ(matcher.error().code(), Error::Code::kInvalid);
}

}  // namespace
}  // namespace sluice::routing
