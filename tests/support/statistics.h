// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace sluice::test {

/// A fair split is refused once in a thousand runs.
constexpr double kSignificance = 0.001;

/// Pearson's chi-square test: how likely counts at least as far from the expected shares are when
/// the draws really follow them. `weights` need not sum to one; both lists have the same length,
/// at least two, and no weight is zero.
double goodnessOfFit(std::span<const uint64_t> counts, std::span<const double> weights);

/// Probability that a chi-square variable with that many degrees of freedom is at least `x`.
double chiSquareTail(double x, unsigned degrees);

}  // namespace sluice::test
