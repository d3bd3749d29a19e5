// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/watchdog.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "maps/tables.hpp"
#include "userspace/base/log.h"

namespace sluice::broker {

Watchdog::Watchdog(Reactor& reactor, DataPlane& tables, Supervisor& supervisor, Duration patience)
    : reactor_(reactor), tables_(tables), supervisor_(supervisor), patience_(patience) {
  lookLater();
}

Watchdog::~Watchdog() { reactor_.cancel(timer_); }

void Watchdog::lookLater() {
  timer_ = reactor_.after(patience_ / 4, [this] {
    look();
    lookLater();
  });
}

void Watchdog::pause() {
  paused_ = true;
  suspected_ = false;
}

void Watchdog::resume() {
  paused_ = false;
  resumed_ = reactor_.now();
}

void Watchdog::look() {
  if (paused_) return;
  const Duration silent = silence();
  if (!std::exchange(suspected_, silent > patience_) || !suspected_) return;
  suspected_ = false;
  log::error("the agent has given no sign of life for {} s: replacing it",
             std::chrono::duration_cast<std::chrono::seconds>(silent).count());
  supervisor_.restart();
}

/// Since the agent's last sign of life; since its start while it has given none.
Duration Watchdog::silence() const {
  if (supervisor_.agent() == 0) return Duration::zero();
  TimePoint last = std::max(supervisor_.started(), resumed_);
  if (const auto record = maps::View<Table::kControl>(tables_).get(0))
    last = std::max(last, TimePoint(std::chrono::nanoseconds(record->heartbeat_ns)));
  return reactor_.now() - last;
}

}  // namespace sluice::broker
