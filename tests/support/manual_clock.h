// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/base/clock.h"

namespace sluice::test {

/// Stands still until it is turned. Begins late enough that a test may look back an hour.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  TimePoint now_ = TimePoint(std::chrono::hours(1));
};

}  // namespace sluice::test
