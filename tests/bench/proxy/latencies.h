// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

namespace sluice::test {

/// How long requests took, in microseconds, each value with how often it was seen: what several
/// clients say can be put together without losing a percentile.
class Latencies {
 public:
  void add(uint64_t microseconds, uint64_t times = 1);
  void add(const Latencies& others);

  uint64_t count() const { return count_; }
  /// The smallest value that at least `percent` of all do not exceed; 0 of none.
  uint64_t percentile(double percent) const;

 private:
  std::map<uint64_t, uint64_t> times_;
  uint64_t count_ = 0;
};

}  // namespace sluice::test
