// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/latencies.h"

#include <gtest/gtest.h>

namespace sluice::test {
namespace {

TEST(Latencies, APercentileIsTheSmallestValueThatSoManyDoNotExceed) {
  Latencies latencies;
  for (uint64_t value = 1000; value > 0; --value) latencies.add(value);
  EXPECT_EQ(latencies.percentile(50), 500U);
  EXPECT_EQ(latencies.percentile(99), 990U);
  EXPECT_EQ(latencies.percentile(99.9), 999U);
  EXPECT_EQ(latencies.percentile(100), 1000U);
}

TEST(Latencies, ClientsArePutTogetherByHowManyRequestsTheyMade) {
  Latencies fast, slow;
  fast.add(10, 989);
  slow.add(5000, 11);
  fast.add(slow);
  EXPECT_EQ(fast.count(), 1000U);
  EXPECT_EQ(fast.percentile(98.9), 10U);
  EXPECT_EQ(fast.percentile(99), 5000U);
}

TEST(Latencies, OfNoneIsZero) { EXPECT_EQ(Latencies().percentile(99), 0U); }

}  // namespace
}  // namespace sluice::test
