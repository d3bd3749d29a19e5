// SPDX-License-Identifier: Apache-2.0
#include "tests/support/statistics.h"

#include <cmath>
#include <numeric>

namespace sluice::test {

double chiSquareTail(double x, unsigned degrees) {
  // Q(k/2, x/2) by its recurrence Q(a+1, y) = Q(a, y) + y^a e^-y / gamma(a+1), which ends at
  // Q(1, y) = e^-y for even k and at Q(1/2, y) = erfc(sqrt y) for odd k.
  const double y = x / 2;
  if (y <= 0) return 1;
  const bool even = degrees % 2 == 0;
  double tail = even ? std::exp(-y) : std::erfc(std::sqrt(y));
  for (double a = even ? 1 : 0.5; a < degrees / 2.0; a += 1)
    tail += std::exp(a * std::log(y) - y - std::lgamma(a + 1));
  return tail;
}

double goodnessOfFit(std::span<const uint64_t> counts, std::span<const double> weights) {
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0ULL));
  const double weight_sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  double statistic = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = total * weights[i] / weight_sum;
    const double distance = static_cast<double>(counts[i]) - expected;
    statistic += distance * distance / expected;
  }
  return chiSquareTail(statistic, static_cast<unsigned>(counts.size()) - 1);
}

}  // namespace sluice::test
