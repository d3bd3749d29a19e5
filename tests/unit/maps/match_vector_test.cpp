// SPDX-License-Identifier: Apache-2.0
// Bits counted by hand, against the compiler's.
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "maps/abi/match.h"

struct match_table {
  const union match_cell* cells;
};

static inline union match_cell match_load(const match_table* table, uint32_t index) {
  return table->cells[index];
}

#include "maps/lib/match_vector.h"

namespace {

TEST(MatchVector, CountsBitsAndFindsTheLowest) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const uint64_t bits = random() & random() & random();
    EXPECT_EQ(match_count(bits), static_cast<uint32_t>(std::popcount(bits)));
    const uint64_t some = bits | 1ULL << (i % 64);
    EXPECT_EQ(match_lowest(some), static_cast<uint32_t>(std::countr_zero(some)));
  }
  EXPECT_EQ(match_count(~0ULL), 64U);
  EXPECT_EQ(match_lowest(1ULL << 63), 63U);
}

TEST(MatchVector, FromLeavesTheLaterBits) {
  EXPECT_EQ(match_from(64, 0), ~0ULL);
  EXPECT_EQ(match_from(64, 64), ~0ULL);
  EXPECT_EQ(match_from(64, 65), ~1ULL);
  EXPECT_EQ(match_from(64, 127), 1ULL << 63);
  EXPECT_EQ(match_from(64, 128), 0U);
}

TEST(MatchVector, AWordIsWhereTheSummarySaysThatItIs) {
  // Two groups; the second has words 0 and 5.
  match_cell cells[6] = {};
  cells[2].bits = 1ULL << 0 | 1ULL << 5;
  cells[3].words = {4, 0};
  cells[4].bits = 7;
  cells[5].bits = 9;
  const match_table table{cells};
  EXPECT_EQ(match_bits(&table, 0, {0, 0}), 0U);
  EXPECT_EQ(match_bits(&table, 0, {1, 0}), 7U);
  EXPECT_EQ(match_bits(&table, 0, {1, 4}), 0U);
  EXPECT_EQ(match_bits(&table, 0, match_position_of(4096 + 5 * 64 + 3)), 9U);
}

}  // namespace
