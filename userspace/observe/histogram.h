// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::observe {

/// Counts values by their size. One thread.
class Histogram {
 public:
  /// Upper bounds, inclusive: Envoy's default ones, whatever the unit, so that dashboards made for
  /// Istio find what they expect.
  static constexpr std::array<double, 19> kBounds{
      0.5,  1,    5,     10,    25,    50,     100,    250,     500,    1000,
      2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};

  void add(double value) {
    const auto* bound = std::ranges::lower_bound(kBounds, value);
    ++counts_[static_cast<size_t>(bound - kBounds.begin())];
    sum_ += value;
  }
  void add(const Histogram& other) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_ += other.sum_;
  }

  /// Values up to each bound that were above the one before; last those above all.
  const std::array<uint64_t, kBounds.size() + 1>& counts() const { return counts_; }
  double sum() const { return sum_; }
  uint64_t count() const {
    uint64_t all = 0;
    for (const auto count : counts_) all += count;
    return all;
  }

 private:
  std::array<uint64_t, kBounds.size() + 1> counts_{};
  double sum_ = 0;
};

}  // namespace sluice::observe
