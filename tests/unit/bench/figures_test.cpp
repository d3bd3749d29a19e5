// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/bench/ratio.h"

namespace sluice::test {
namespace {

using testing::HasSubstr;

Sample sample(double rate, double p99) {
  return {.rate = rate, .p50 = 10, .p99 = p99, .p999 = 50, .cpu = 20};
}

Scenario scenario(const std::vector<std::string>& names) {
  Scenario made{"id", "name", "group", {}, {}};
  for (const auto& name : names) made.contenders.push_back({name, {}, {}});
  return made;
}

TEST(Figures, RatiosAreOfPairsAndNotOfMedians) {
  // The machine was twice as fast in the second round; each pair says the same.
  const Samples samples{{"ours", {sample(120, 30), sample(240, 15), sample(120, 30)}},
                        {"theirs", {sample(100, 60), sample(200, 30), sample(100, 60)}}};
  const auto figures = figuresOf(scenario({"ours", "theirs"}), samples, "ours");
  const auto& ours = figures["contenders"][0];
  EXPECT_EQ(ours["rate"], 120);
  EXPECT_EQ(ours["bestRate"], 240);
  EXPECT_FALSE(ours.contains("ratios"));
  const auto& ratios = figures["contenders"][1]["ratios"];
  EXPECT_NEAR(ratios["rate"]["mean"].get<double>(), 1.2, 1e-9);
  EXPECT_NEAR(ratios["rate"]["low"].get<double>(), 1.2, 1e-9);
  EXPECT_NEAR(ratios["p99"]["high"].get<double>(), 0.5, 1e-9);
  EXPECT_NEAR(ratios["cpu"]["mean"].get<double>(), 1.0, 1e-9);
}

TEST(Figures, WithoutTheirBaseThereAreNoRatios) {
  const Samples samples{{"ours", {sample(120, 30)}}, {"theirs", {sample(100, 60), sample(90, 60)}}};
  const auto figures = figuresOf(scenario({"theirs"}), samples, "ours");
  ASSERT_EQ(figures["contenders"].size(), 1U);
  EXPECT_FALSE(figures["contenders"][0].contains("ratios"));
}

TEST(Figures, TextHasALineForEachContender) {
  const Samples samples{{"ours", {sample(120, 30), sample(120, 30)}},
                        {"theirs", {sample(100, 60), sample(100, 60)}}};
  const auto text = textOf(figuresOf(scenario({"ours", "theirs"}), samples, "ours"));
  EXPECT_THAT(text, HasSubstr("\nours "));
  EXPECT_THAT(text, HasSubstr("\ntheirs "));
  EXPECT_THAT(text, HasSubstr("1.20   [1.20, 1.20]"));
}

// By hand: logarithms 0 and 0.2, mean 0.1, standard error 0.1, one degree of freedom.
TEST(Ratio, IntervalIsOfTheLogarithms) {
  const std::vector<double> ratios{1.0, std::exp(0.2)};
  const Ratio ratio = ratioOf(ratios);
  EXPECT_NEAR(ratio.mean, std::exp(0.1), 1e-9);
  EXPECT_NEAR(ratio.high, std::exp(0.1 + 12.71 * 0.1), 1e-6);
  EXPECT_NEAR(ratio.low, std::exp(0.1 - 12.71 * 0.1), 1e-6);
}

}  // namespace
}  // namespace sluice::test
