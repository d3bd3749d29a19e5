// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/broker/socket_diag.h"
#include "userspace/model/connection_store.h"
#include "userspace/model/data_plane.h"

namespace sluice::broker {

/// Ends connections of the connect path that have lost their endpoint: nobody would ever answer,
/// and the client would wait for its retransmissions to time out. Decides by the tables alone, as
/// the agent that asks has no right to end anybody's connections.
class Reaper {
 public:
  /// Borrows both.
  Reaper(DataPlane& tables, const ConnectionStore& store) : tables_(tables), store_(store) {}

  /// Resets what is connected to endpoints that are marked ENDPOINT_GONE, of all processes in the
  /// network namespace that the calling thread is in, and counts it under endings.def, GONE.
  /// Answers how many. Goes on after a socket that cannot be reset, and then answers that error.
  Result<uint32_t> resetGone();

 private:
  bool isGone(const SeenSocket& socket) const;

  DataPlane& tables_;
  ConnectionStore store_;
};

}  // namespace sluice::broker
