// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

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

}  // namespace sluice::test
