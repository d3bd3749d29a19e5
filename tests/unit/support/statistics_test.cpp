// SPDX-License-Identifier: Apache-2.0
#include "tests/support/statistics.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace sluice::test {
namespace {

// Quantiles as printed in any table of the distribution.
TEST(ChiSquareTail, AgreesWithTables) {
  EXPECT_NEAR(chiSquareTail(3.841, 1), 0.05, 1e-4);
  EXPECT_NEAR(chiSquareTail(10.828, 1), 0.001, 1e-5);
  EXPECT_NEAR(chiSquareTail(5.991, 2), 0.05, 1e-4);
  EXPECT_NEAR(chiSquareTail(16.919, 9), 0.05, 1e-4);
  EXPECT_NEAR(chiSquareTail(29.588, 10), 0.001, 1e-5);
  EXPECT_NEAR(chiSquareTail(149.449, 100), 0.001, 1e-5);
  EXPECT_EQ(chiSquareTail(0, 3), 1);
}

TEST(GoodnessOfFit, AcceptsWhatIsExpected) {
  const std::array<uint64_t, 2> counts = {4512, 488};
  const std::array<double, 2> weights = {90, 10};
  EXPECT_GT(goodnessOfFit(counts, weights), kSignificance);
}

TEST(GoodnessOfFit, RefusesABiasOfTwoPercent) {
  const std::array<uint64_t, 2> counts = {4600, 400};
  const std::array<double, 2> weights = {90, 10};
  EXPECT_LT(goodnessOfFit(counts, weights), kSignificance);
}

}  // namespace
}  // namespace sluice::test
