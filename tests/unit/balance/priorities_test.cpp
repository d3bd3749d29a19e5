// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/priorities.h"

#include <gmock/gmock.h>

namespace sluice::balance {
namespace {

using testing::ElementsAre;

std::vector<uint32_t> loads(std::initializer_list<Health> priorities) {
  return priorityLoads(std::vector<Health>(priorities));
}

// The examples of Envoy's documentation, "Priority levels", all with two or three priorities of
// 100 endpoints.
TEST(PriorityLoads, AreThoseOfEnvoysDocumentation) {
  EXPECT_THAT(loads({{100, 100}, {100, 100}}), ElementsAre(100, 0));
  EXPECT_THAT(loads({{72, 100}, {72, 100}}), ElementsAre(100, 0));
  EXPECT_THAT(loads({{71, 100}, {71, 100}}), ElementsAre(99, 1));
  EXPECT_THAT(loads({{50, 100}, {50, 100}}), ElementsAre(70, 30));
  EXPECT_THAT(loads({{25, 100}, {100, 100}}), ElementsAre(35, 65));
  EXPECT_THAT(loads({{25, 100}, {25, 100}}), ElementsAre(50, 50));
  EXPECT_THAT(loads({{0, 100}, {100, 100}}), ElementsAre(0, 100));
  EXPECT_THAT(loads({{25, 100}, {25, 100}, {100, 100}}), ElementsAre(35, 35, 30));
}

TEST(PriorityLoads, WhatRoundingLeavesIsTheFirstOnesThatCanTakeIt) {
  EXPECT_THAT(loads({{0, 3}, {1, 9}, {1, 9}, {1, 9}}), ElementsAre(0, 34, 33, 33));
}

TEST(PriorityLoads, NothingHealthyGetsNothing) {
  EXPECT_THAT(loads({{0, 3}, {0, 0}}), ElementsAre(0, 0));
  EXPECT_THAT(loads({}), ElementsAre());
}

TEST(PriorityLoads, OneHealthyEndpointOfVeryManyIsNotEnoughForAPercent) {
  EXPECT_THAT(loads({{1, 1000}, {1, 1}}), ElementsAre(0, 100));
}

TEST(Health, IsWholeUntilFewerThanFiveOfSevenAreLeft) {
  EXPECT_DOUBLE_EQ((Health{5, 7}.availability()), 1);
  EXPECT_DOUBLE_EQ((Health{1, 2}.availability()), 0.7);
  EXPECT_DOUBLE_EQ((Health{0, 0}.availability()), 0);
}

}  // namespace
}  // namespace sluice::balance
