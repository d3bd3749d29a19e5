// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "userspace/base/clock.h"

namespace sluice::proxy {

/// How many faults are borne of one peer: a burst, and then a few each second. The numbers are
/// those that nghttp2 has for RST_STREAM.
class FaultBudget {
 public:
  static constexpr int64_t kBurst = 1000;
  static constexpr int64_t kPerSecond = 33;

  /// One more; false when it is one too many.
  bool spend(TimePoint now) {
    refill(now);
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  void refill(TimePoint now) {
    const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since_).count();
    if (seconds <= 0) return;
    since_ = now;
    left_ = std::min(kBurst, left_ + std::min(seconds, kBurst) * kPerSecond);
  }

  int64_t left_ = kBurst;
  TimePoint since_{};
};

}  // namespace sluice::proxy
