// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/broker/idle.h"
#include "userspace/broker/route_check.h"
#include "userspace/broker/socket_diag.h"
#include "userspace/broker/surplus.h"
#include "userspace/model/connection_store.h"
#include "userspace/model/data_plane.h"

namespace sluice::broker {

/// Ends connections of the connect path that their rules would not make any more, as the route of
/// now says: those whose destination has left it (ROUTE_DRAIN_IDLE, ROUTE_DRAIN_NOW), and idle ones
/// of destinations that have more than their share (ROUTE_REBALANCE). Decides by the tables alone,
/// as the agent that asks has no right to end anybody's connections.
class Drainer {
 public:
  /// Borrows both. `quiet`: see isIdle().
  Drainer(DataPlane& tables, const ConnectionStore& store, std::chrono::milliseconds quiet = kQuiet)
      : tables_(tables), store_(store), quiet_(quiet) {}

  struct Outcome {
    uint32_t drained = 0;     ///< ended, and counted under endings.def as DRAINED
    uint32_t rebalanced = 0;  ///< as REBALANCED
    bool left = false;  ///< some are to be ended and are not idle yet, or are too many at once

    friend bool operator==(const Outcome&, const Outcome&) = default;
  };

  /// A part of a round: the connections of all processes in the network namespace that the calling
  /// thread is in. Goes on after a socket that cannot be ended, and then answers that error.
  Result<void> look();

  /// Of the looks since the last call.
  Outcome finishRound();

 private:
  enum class Fate { kStays, kDrained, kRebalanced };

  Fate fateOf(const SocketDiag& diag, const SeenSocket& socket, RouteCheck& check);
  Fate fateOfLeaver(const SocketDiag& diag, const SeenSocket& socket, uint8_t flags);
  Fate fateOfOneOfMany(const SocketDiag& diag, const SeenSocket& socket,
                       const RouteCheck::Route& route);
  bool isStillIdle(const SocketDiag& diag, const SeenSocket& socket) const;
  Result<void> end(const SocketDiag& diag, const SeenSocket& socket, Fate fate);

  DataPlane& tables_;
  ConnectionStore store_;
  std::chrono::milliseconds quiet_;
  Surplus surplus_;
  Outcome outcome_;  ///< of the round that has begun
};

}  // namespace sluice::broker
