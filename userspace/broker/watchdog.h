// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/base/reactor.h"
#include "userspace/broker/supervisor.h"
#include "userspace/model/data_plane.h"

namespace sluice::broker {

/// Ends an agent that runs but does nothing: it gives no sign of life in the map `control`
/// (agent/heartbeat.h), while its listeners go on taking connections. The supervisor starts
/// another.
class Watchdog {
 public:
  /// Borrows all. An agent is ended that was silent for `patience` at two looks, a quarter of
  /// `patience` apart: when the whole machine stood still it may give a sign in between.
  Watchdog(Reactor& reactor, DataPlane& tables, Supervisor& supervisor, Duration patience);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// No sign of life is expected until resume(); from there on the agent has all its time again.
  void pause();
  void resume();

 private:
  void lookLater();
  void look();
  Duration silence() const;

  Reactor& reactor_;
  DataPlane& tables_;
  Supervisor& supervisor_;
  const Duration patience_;
  Reactor::TimerId timer_ = 0;
  bool suspected_ = false;
  bool paused_ = false;
  TimePoint resumed_;
};

}  // namespace sluice::broker
