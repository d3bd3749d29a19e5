// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "userspace/broker/channel.h"
#include "userspace/broker/handover_protocol.h"

namespace sluice::broker {

/// The side of a sluiced that starts: takes the place of the one that runs. Until taken() the end
/// of this process gives it back, and nothing else does: a failure has to end the process.
class Predecessor {
 public:
  /// Asks the one behind handoverPath(), and waits for its place, at most `longest`. Null: nobody
  /// is there. kUnavailable: it does not give its place, and says why. The agent that is started
  /// later inherits the connection, so that its end comes with that of both processes.
  static Result<std::unique_ptr<Predecessor>> ask(const std::string& path, Duration longest);

  /// What the other one handed over, to be moved from.
  PlaceSockets sockets;
  std::map<WorkloadId, InheritedListeners> workloads;
  uint32_t schema = 0;  ///< of the tables by which the workloads are steered

  /// Hears the other one from here on.
  Result<void> watch(Reactor& reactor);

  /// False once the other one has died: nothing can be given back to it.
  bool isThere() const { return channel_ != nullptr; }

  /// `done`: the other one leaves new connections in their backlogs; or it has gone.
  void stopAccepting(std::function<void()> done);
  /// This sluiced serves; the other one ends when its connections have.
  void taken();

 private:
  explicit Predecessor(Fd socket) : socket_(std::move(socket)) {}
  Result<void> receivePlace(TimePoint deadline);
  Result<Packet> receive(TimePoint deadline) const;
  void stopped();

  Fd socket_;                         ///< until watch(), and for the agent
  std::unique_ptr<Channel> channel_;  ///< null before watch(), and when the other one has gone
  std::function<void()> stopped_;
};

}  // namespace sluice::broker
