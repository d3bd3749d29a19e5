// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/rounds.h"

#include <algorithm>

namespace sluice::broker {

Rounds::~Rounds() { reactor_.cancel(timer_); }

void Rounds::soon() { lookAfter(std::max(Duration::zero(), last_ + kLeast - reactor_.now())); }

void Rounds::stop() {
  stopped_ = true;
  reactor_.cancel(timer_);
}

/// Instead of the one that was to come.
void Rounds::lookAfter(Duration delay) {
  if (stopped_) return;
  reactor_.cancel(timer_);
  timer_ = reactor_.after(delay, [this] { look(); });
}

void Rounds::look() {
  timer_ = 0;
  last_ = reactor_.now();
  if (look_()) lookAfter(kPeriod);
}

}  // namespace sluice::broker
