// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/heartbeat.h"

#include <chrono>

#include "maps/tables.hpp"
#include "userspace/base/log.h"

namespace sluice::agent {

Heartbeat::Heartbeat(Reactor& control, Fleet& fleet, DataPlane& data_plane)
    : control_(control), fleet_(fleet), data_plane_(data_plane) {
  ask();
}

Heartbeat::~Heartbeat() { control_.cancel(timer_); }

void Heartbeat::ask() {
  timer_ = 0;
  fleet_.comeRound([this, alive = std::weak_ptr<const bool>(alive_)] {
    if (alive.expired()) return;
    beat();
    timer_ = control_.after(kInterval, [this] { ask(); });
  });
}

void Heartbeat::beat() {
  maps::View<Table::kControl> view(data_plane_);
  auto record = view.get(0);
  if (record) {
    record->heartbeat_ns =
        static_cast<uint64_t>(std::chrono::nanoseconds(control_.now().time_since_epoch()).count());
    if (auto written = view.put(0, *record); written) return;
  }
  log::warn("the sign of life cannot be written");
}

}  // namespace sluice::agent
