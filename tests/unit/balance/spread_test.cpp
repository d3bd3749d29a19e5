// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/spread.h"

#include <gtest/gtest.h>

#include <array>

#include "maps/lib/alias.h"

namespace sluice::balance {
namespace {

/// Of 2^64 draws, in thousandths, what each member gets.
std::vector<int> thousandths(const Spread& spread) {
  std::vector<double> parts(spread.slots.size());
  for (const auto& slot : spread.slots) {
    const double own =
        slot.threshold == ALIAS_ALWAYS_OWN ? 1 : static_cast<double>(slot.threshold) / 0x1p64;
    parts[slot.own] += own;
    parts[slot.alias] += 1 - own;
  }
  std::vector<int> result;
  for (const auto part : parts)
    result.push_back(
        static_cast<int>(1000 * part / static_cast<double>(spread.slots.size()) + 0.5));
  return result;
}

TEST(Spread, FollowsTheShares) {
  const auto spread = *spreadOver(std::array{1U, 3U, 0U});
  EXPECT_EQ(thousandths(spread), (std::vector{250, 750, 0}));
  EXPECT_FALSE(spread.alike);
  EXPECT_FALSE(spread.even);
}

TEST(Spread, MembersWithoutAShareLeaveTheOthersEven) {
  const auto spread = *spreadOver(std::array{2U, 0U, 2U});
  EXPECT_EQ(thousandths(spread), (std::vector{500, 0, 500}));
  EXPECT_FALSE(spread.alike);
  EXPECT_TRUE(spread.even);
}

TEST(Spread, MembersOfWhichNoneHasAShareAreAlike) {
  for (const uint32_t share : {0U, 7U}) {
    const auto spread = *spreadOver(std::array{share, share});
    EXPECT_EQ(thousandths(spread), (std::vector{500, 500}));
    EXPECT_TRUE(spread.alike);
    EXPECT_TRUE(spread.even);
  }
  EXPECT_TRUE(spreadOver({})->slots.empty());
}

}  // namespace
}  // namespace sluice::balance
