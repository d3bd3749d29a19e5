// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include "userspace/base/clock.h"

namespace sluice::broker {

/// How long to wait before the agent is started again: not at all the first time, then 100 ms,
/// doubling to 5 s. An agent that lived for a minute makes the next time the first again.
class RestartBackoff {
 public:
  /// For an agent that has just died, `lifetime` after its start.
  Duration next(Duration lifetime) {
    if (lifetime >= kStable) next_ = Duration::zero();
    const Duration delay = next_;
    next_ = delay == Duration::zero() ? kFirst : std::min(delay * 2, kLongest);
    return delay;
  }

 private:
  static constexpr Duration kStable = std::chrono::minutes(1);
  static constexpr Duration kFirst = std::chrono::milliseconds(100);
  static constexpr Duration kLongest = std::chrono::seconds(5);

  Duration next_ = Duration::zero();
};

}  // namespace sluice::broker
