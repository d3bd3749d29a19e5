// SPDX-License-Identifier: Apache-2.0
// Which destinations have more connections than their weight, and how many of them move.
#include "userspace/broker/surplus.h"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

const Surplus::Shares kHalves{{1, 0.5}, {2, 0.5}};

class SurplusTest : public testing::Test {
 protected:
  bool round(const std::map<uint32_t, uint64_t>& connections,
             const Surplus::Shares& shares = kHalves) {
    for (const auto& [cluster, count] : connections)
      for (uint64_t i = 0; i < count; ++i) surplus_.count(1, shares, cluster);
    return surplus_.finishRound();
  }
  uint64_t taken(uint32_t cluster, uint32_t route = 1) {
    uint64_t count = 0;
    while (surplus_.take(route, cluster)) ++count;
    return count;
  }

  Surplus surplus_;
};

TEST_F(SurplusTest, IsWhatIsBeyondTheShareAndMovesByParts) {
  EXPECT_TRUE(round({{1, 900}, {2, 100}}));
  EXPECT_EQ(taken(2), 0U);
  EXPECT_EQ(taken(1), 90U) << "one in ten";
  EXPECT_EQ(taken(1), 0U) << "once";
  EXPECT_TRUE(round({{1, 60}, {2, 30}}));
  EXPECT_EQ(taken(1), 6U);
  EXPECT_TRUE(round({{1, 9}}));
  EXPECT_EQ(taken(1), 1U) << "at least one";
}

TEST_F(SurplusTest, ChanceIsNone) {
  EXPECT_FALSE(round({{1, 530}, {2, 470}}));
  EXPECT_EQ(taken(1), 0U);
  EXPECT_TRUE(round({{1, 535}, {2, 465}}));
  EXPECT_EQ(taken(1), 35U) << "to the share, not to the edge of chance";
  EXPECT_FALSE(round({{1, 4}})) << "all four with one of two";
  EXPECT_FALSE(round({}));
}

TEST_F(SurplusTest, IsThatOfEachRouteAlone) {
  EXPECT_TRUE(round({{1, 100}}));
  EXPECT_EQ(taken(1, 2), 0U);
  EXPECT_FALSE(round({{1, 100}}, {{1, 1.0}}));
}

TEST_F(SurplusTest, WhatADestinationWithoutClusterWouldGetIsTheOthers) {
  EXPECT_FALSE(round({{1, 100}}, {{0, 0.5}, {1, 0.5}}));
}

}  // namespace
}  // namespace sluice::broker
