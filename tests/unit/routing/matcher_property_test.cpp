// SPDX-License-Identifier: Apache-2.0
// The compiled tables against the plain walk over the conditions.
#include <gtest/gtest.h>

#include <random>

#include "tests/fuzz/match_cases.h"
#include "userspace/routing/matcher.h"
#include "userspace/routing/matcher_reference.h"

namespace sluice::routing {
namespace {

std::vector<uint8_t> randomBytes(std::mt19937& random, size_t count) {
  std::vector<uint8_t> bytes(count);
  for (auto& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

/// How many requests met a rule.
size_t compare(std::span<const Rule> rules, test::Choices& choices, int requests) {
  const auto matcher = Matcher::compile(rules);
  const auto reference = ReferenceMatcher::compile(rules);
  EXPECT_TRUE(matcher.ok() && reference.ok());
  size_t met = 0;
  for (int i = 0; i < requests; ++i) {
    auto request = test::randomRequest(choices);
    const auto view = request.view();
    const Subject subject(view);
    const auto expected = reference->firstMatch(subject);
    EXPECT_EQ((*matcher)->firstMatch(view), expected) << request.target;
    if (expected) ++met;
  }
  return met;
}

TEST(MatcherProperty, TablesAndConditionsChooseTheSameRule) {
  std::mt19937 random(4);
  size_t met = 0;
  for (int round = 0; round < 500 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const auto bytes = randomBytes(random, 600);
    test::Choices choices(bytes);
    met += compare(test::randomRules(choices), choices, 12);
  }
  // Else the rules and requests would be too far from each other to tell anything.
  EXPECT_GT(met, 1000u);
}

}  // namespace
}  // namespace sluice::routing
