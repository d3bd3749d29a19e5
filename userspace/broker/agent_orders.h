// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "userspace/broker/server.h"
#include "userspace/broker/supervisor.h"
#include "userspace/broker/watchdog.h"

namespace sluice::broker {

/// What the agent of a broker does while another sluiced takes its place: it stops changing
/// anything, stops accepting, and ends when its connections have. Until retire() all of it can be
/// taken back. One order at a time: the next one after `done` of the last, or resume().
class AgentOrders {
 public:
  using Done = std::function<void()>;

  /// Borrows all.
  AgentOrders(Server& server, Supervisor& supervisor, Watchdog& watchdog)
      : server_(server), supervisor_(supervisor), watchdog_(watchdog) {}

  /// `done`: no table is written any more, and nothing enrolled. An agent that has died is done; it
  /// is not started again.
  void pause(Done done);
  /// `done`: new connections wait in the backlogs of their listeners.
  void stopAccepting(Done done);
  /// As before pause(). What was not done yet is forgotten.
  void resume();
  /// `ended`: the agent has let its connections finish, for `drain` at most, and has ended.
  void retire(Duration drain, Done ended);

  /// Event::kDone.
  void reported(uint64_t round);

 private:
  void order(Order order, Done done);
  void fulfilled();

  Server& server_;
  Supervisor& supervisor_;
  Watchdog& watchdog_;
  uint64_t round_ = 0;
  Done done_;  ///< of this round
};

}  // namespace sluice::broker
