// SPDX-License-Identifier: Apache-2.0
#include "maps/lib/alias.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/support/statistics.h"

namespace sluice {
namespace {

constexpr uint64_t kAll = ~uint64_t{0};

TEST(AliasIndex, IsTheUpperPartOfTheProduct) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    const uint64_t draw = random();
    const auto count = static_cast<uint32_t>(random());
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<Wide>(draw) * count;
    ASSERT_EQ(alias_index(draw, count), static_cast<uint32_t>(product >> 64)) << draw << count;
    ASSERT_EQ(alias_fraction(draw, count), static_cast<uint64_t>(product));
  }
}

TEST(AliasIndex, StaysBelowTheCount) {
  for (const uint32_t count : {1U, 2U, 3U, 0xffffffffU}) {
    EXPECT_EQ(alias_index(0, count), 0U);
    EXPECT_EQ(alias_index(kAll, count), count - 1);
  }
}

TEST(AliasTake, AllOnesTakesOwnForEveryFraction) {
  const alias_slot slot{kAll, 1, 2};
  EXPECT_EQ(alias_take(&slot, 0), 1U);
  EXPECT_EQ(alias_take(&slot, kAll), 1U);
}

TEST(AliasTake, ThresholdItselfTakesAlias) {
  const alias_slot slot{1000, 1, 2};
  EXPECT_EQ(alias_take(&slot, 999), 1U);
  EXPECT_EQ(alias_take(&slot, 1000), 2U);
  const alias_slot never{0, 1, 2};
  EXPECT_EQ(alias_take(&never, 0), 2U);
}

TEST(AliasPick, SplitsTenMillionDrawsNinetyToTen) {
  constexpr auto kFourFifths = static_cast<uint64_t>(0.8 * 18446744073709551616.0);
  const std::array slots{alias_slot{kAll, 0, 0}, alias_slot{kFourFifths, 0, 1}};
  std::mt19937_64 random(20240607);
  std::array<uint64_t, 2> counts{};
  for (int i = 0; i < 10'000'000; ++i) ++counts[alias_pick(slots.data(), 2, random())];
  EXPECT_GT(test::goodnessOfFit(counts, std::array{0.9, 0.1}), test::kSignificance)
      << counts[0] << " to " << counts[1];
}

TEST(AliasPick, CountsThatAreNoPowerOfTwoAreEven) {
  std::array<alias_slot, 7> slots{};
  for (uint32_t i = 0; i < slots.size(); ++i) slots[i] = {kAll, i, i};
  std::mt19937_64 random(7);
  std::array<uint64_t, 7> counts{};
  for (int i = 0; i < 1'000'000; ++i) ++counts[alias_pick(slots.data(), 7, random())];
  EXPECT_GT(test::goodnessOfFit(counts, std::array{1., 1., 1., 1., 1., 1., 1.}),
            test::kSignificance);
}

}  // namespace
}  // namespace sluice
