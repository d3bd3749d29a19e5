// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "userspace/agent/fleet.h"
#include "userspace/base/reactor.h"
#include "userspace/model/data_plane.h"

namespace sluice::agent {

/// Writes down in the map `control` when the control thread and every worker have last come round:
/// the broker's Watchdog reads it. On the control thread.
class Heartbeat {
 public:
  /// Between beats; a worker that is busy for longer delays the next one.
  static constexpr Duration kInterval = std::chrono::seconds(1);

  /// Borrows all; beats from here on.
  Heartbeat(Reactor& control, Fleet& fleet, DataPlane& data_plane);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  void ask();
  void beat();

  Reactor& control_;
  Fleet& fleet_;
  DataPlane& data_plane_;
  Reactor::TimerId timer_ = 0;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  ///< for late answers
};

}  // namespace sluice::agent
