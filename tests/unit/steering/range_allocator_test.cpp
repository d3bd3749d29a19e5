// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/range_allocator.h"

#include <gmock/gmock.h>

#include <random>
#include <vector>

namespace sluice::steering {
namespace {

TEST(RangeAllocator, ReleasedRunsGrowTogether) {
  RangeAllocator ranges(9);
  EXPECT_EQ(ranges.allocate(3), 0u);
  EXPECT_EQ(ranges.allocate(3), 3u);
  EXPECT_EQ(ranges.allocate(3), 6u);
  EXPECT_EQ(ranges.allocate(1), std::nullopt);
  ranges.release(0, 3);
  ranges.release(6, 3);
  EXPECT_EQ(ranges.allocate(4), std::nullopt);
  ranges.release(3, 3);
  EXPECT_EQ(ranges.allocate(9), 0u);
}

TEST(RangeAllocator, NothingNeedsNoRoom) {
  RangeAllocator ranges(1);
  EXPECT_EQ(ranges.allocate(1), 0u);
  EXPECT_TRUE(ranges.allocate(0).has_value());
  ranges.release(0, 0);
  EXPECT_EQ(ranges.allocate(1), std::nullopt);
}

TEST(RangeAllocator, ReservesInTheMiddleAndOnce) {
  RangeAllocator ranges(10);
  EXPECT_TRUE(ranges.reserve(4, 2));
  EXPECT_FALSE(ranges.reserve(5, 2));
  EXPECT_FALSE(ranges.reserve(9, 2));
  EXPECT_EQ(ranges.allocate(5), std::nullopt);
  EXPECT_EQ(ranges.allocate(4), 0u);
  EXPECT_EQ(ranges.allocate(4), 6u);
}

TEST(RangeAllocator, RunsNeverOverlap) {
  std::mt19937 random(3);
  RangeAllocator ranges(64);
  std::vector<int> taken(64);
  std::vector<std::pair<uint32_t, uint32_t>> runs;
  for (int step = 0; step < 5000; ++step) {
    const auto count = static_cast<uint32_t>(1 + random() % 9);
    if (const auto first = ranges.allocate(count); first && random() % 2) {
      for (uint32_t i = 0; i < count; ++i) ASSERT_EQ(taken[*first + i]++, 0);
      runs.emplace_back(*first, count);
    } else if (first) {
      ranges.release(*first, count);
    } else {
      const auto [start, size] = runs.back();
      runs.pop_back();
      for (uint32_t i = 0; i < size; ++i) --taken[start + i];
      ranges.release(start, size);
    }
  }
}

}  // namespace
}  // namespace sluice::steering
