// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

namespace sluice::test {

/// Of ratios that were measured in pairs: geometric mean and its 95 % interval.
struct Ratio {
  double mean = 0;
  double low = 0;
  double high = 0;
  /// "0.94   [0.93, 0.96]".
  std::string text() const;
};

/// By the t distribution over the logarithms; of at least two ratios.
Ratio ratioOf(std::span<const double> ratios);

/// The upper one of the two in the middle where their number is even; of at least one value.
double medianOf(std::vector<double> values);

}  // namespace sluice::test
