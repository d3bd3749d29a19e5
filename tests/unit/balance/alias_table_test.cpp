// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/alias_table.h"

#include <gmock/gmock.h>

#include <random>

namespace sluice::balance {
namespace {

__extension__ using Uint128 = unsigned __int128;
constexpr Uint128 kDraws = Uint128{1} << 64;

Uint128 roundUp(Uint128 part, Uint128 by) { return (part + by - 1) / by; }

/// How many of all 2^64 draws take each index. A draw d is in slot s with the fraction f when
/// d * n = s * 2^64 + f, so the draws of a slot that lie below a bound are counted by division.
std::vector<Uint128> countDraws(const std::vector<alias_slot>& slots) {
  std::vector<Uint128> counts(slots.size());
  const Uint128 n = slots.size();
  for (size_t s = 0; s < slots.size(); ++s) {
    const Uint128 first = roundUp(s * kDraws, n);
    const Uint128 end = roundUp((s + 1) * kDraws, n);
    const bool always = slots[s].threshold == ~uint64_t{0};
    const Uint128 split = always ? end : roundUp(s * kDraws + slots[s].threshold, n);
    counts[slots[s].own] += split - first;
    counts[slots[s].alias] += end - split;
  }
  return counts;
}

void expectExactShares(const std::vector<uint32_t>& weights) {
  const auto slots = aliasTable(weights);
  ASSERT_TRUE(slots.ok());
  const auto counts = countDraws(*slots);
  Uint128 sum = 0;
  for (const uint32_t weight : weights) sum += weight;
  for (size_t i = 0; i < weights.size(); ++i) {
    // Both sides times the sum; 2^64 * 2^32 * the slots of a test stay below 2^128.
    const Uint128 is = counts[i] * sum;
    const Uint128 shall = kDraws * weights[i];
    EXPECT_TRUE((is > shall ? is - shall : shall - is) <= sum * weights.size()) << "index " << i;
    EXPECT_TRUE(weights[i] != 0 || counts[i] == 0) << "index " << i;
  }
}

TEST(AliasTable, SharesAreExactOverAllDraws) {
  expectExactShares({1});
  expectExactShares({90, 10});
  expectExactShares({1, 2, 3, 4, 5, 6, 7});
  expectExactShares({1, 999});
  expectExactShares({1, 4294967295u});
  expectExactShares({0, 5, 0, 3});
  expectExactShares({4294967295u, 4294967295u, 1});
}

TEST(AliasTable, SharesAreExactForRandomWeights) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<uint32_t> weights(1 + random() % 40);
    for (auto& weight : weights) weight = static_cast<uint32_t>(random()) % (round % 2 ? 101 : 3);
    weights[random() % weights.size()] += 1;
    expectExactShares(weights);
  }
}

TEST(AliasTable, EqualWeightsNeedNoAlias) {
  const auto slots = aliasTable(std::vector<uint32_t>{7, 7, 7});
  ASSERT_TRUE(slots.ok());
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*slots)[i].own, i);
    EXPECT_EQ((*slots)[i].threshold, ~uint64_t{0});
  }
}

TEST(AliasTable, NothingToDrawIsRefused) {
  EXPECT_FALSE(aliasTable({}).ok());
  EXPECT_FALSE(aliasTable(std::vector<uint32_t>{0, 0}).ok());
}

TEST(EvenTable, EverySlotIsItsOwn) {
  EXPECT_TRUE(evenTable(0).empty());
  const auto slots = evenTable(5);
  ASSERT_EQ(slots.size(), 5u);
  EXPECT_EQ(slots[4].own, 4u);
  EXPECT_EQ(slots[4].alias, 4u);
  EXPECT_EQ(slots[4].threshold, ~uint64_t{0});
}

}  // namespace
}  // namespace sluice::balance
