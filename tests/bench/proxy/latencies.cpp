// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/latencies.h"

#include <cmath>

namespace sluice::test {

void Latencies::add(uint64_t microseconds, uint64_t times) {
  times_[microseconds] += times;
  count_ += times;
}

void Latencies::add(const Latencies& others) {
  for (const auto& [microseconds, times] : others.times_) add(microseconds, times);
}

uint64_t Latencies::percentile(double percent) const {
  const double wanted = std::ceil(static_cast<double>(count_) * percent / 100);
  uint64_t seen = 0;
  for (const auto& [microseconds, times] : times_) {
    seen += times;
    if (static_cast<double>(seen) >= wanted) return microseconds;
  }
  return 0;
}

}  // namespace sluice::test
