// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/matcher_pool.h"

#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

std::vector<Rule> rulesFor(const std::string& path, const std::string& host) {
  RequestMatch match;
  match.uri = StringMatch{StringMatch::Kind::kPrefix, path};
  Rule rule;
  rule.matches = {match};
  rule.destinations.emplace_back().key = {host, 80, ""};
  return {rule};
}

TEST(MatcherPool, EqualConditionsAreCompiledOnce) {
  MatcherPool pool;
  const auto one = rulesFor("/a", "one");
  const auto two = rulesFor("/a", "two");
  const auto other = rulesFor("/b", "one");
  const auto first = pool.matcherFor(one);
  ASSERT_TRUE(first);
  EXPECT_EQ(*pool.matcherFor(two), *first);
  EXPECT_NE(*pool.matcherFor(other), *first);
}

TEST(MatcherPool, WhatTheHashLeavesOutIsCompared) {
  MatcherPool pool;
  const auto one = rulesFor("/a", "one");
  auto ignoring_case = one;
  ignoring_case[0].matches[0].ignore_uri_case = true;
  auto exact = one;
  exact[0].matches[0].uri->kind = StringMatch::Kind::kExact;
  const auto first = *pool.matcherFor(one);
  EXPECT_NE(*pool.matcherFor(ignoring_case), first);
  EXPECT_NE(*pool.matcherFor(exact), first);
}

}  // namespace
}  // namespace sluice::routing
