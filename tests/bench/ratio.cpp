// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/ratio.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice::test {

namespace {

/// 97.5 % points of Student's t by degrees of freedom; beyond the table, close enough to its end.
double studentT(size_t degrees) {
  constexpr std::array<double, 30> kPoints{
      12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13,
      2.12,  2.11, 2.10, 2.09, 2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04};
  return kPoints[std::clamp<size_t>(degrees, 1, kPoints.size()) - 1];
}

}  // namespace

std::string Ratio::text() const {
  return fmt::format("{:.2f}   [{:.2f}, {:.2f}]", mean, low, high);
}

Ratio ratioOf(std::span<const double> ratios) {
  double sum = 0;
  double squares = 0;
  for (const double ratio : ratios) sum += std::log(ratio);
  const double count = static_cast<double>(ratios.size());
  const double mean = sum / count;
  for (const double ratio : ratios) squares += std::pow(std::log(ratio) - mean, 2);
  const double error = studentT(ratios.size() - 1) * std::sqrt(squares / (count - 1) / count);
  return {std::exp(mean), std::exp(mean - error), std::exp(mean + error)};
}

double medianOf(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace sluice::test
