// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "userspace/base/reactor.h"
#include "userspace/broker/packet.h"

namespace sluice::broker {

/// One end of a packet pair on a reactor: in order, and what does not fit the socket waits.
class Channel {
 public:
  /// An error ends the channel. Must not destroy the channel.
  using Received = std::function<Result<void>(Packet)>;
  /// Called once, when the channel has ended for any reason but its destruction; may destroy it.
  using Ended = std::function<void(Error)>;

  /// Whether packets are received while own ones wait. A server does not: it then holds one
  /// answer at most for a peer that does not read, whatever that peer sends.
  enum class Reading { kAlways, kWhenNothingWaits };

  static Result<std::unique_ptr<Channel>> open(Reactor& reactor, Fd socket, Reading reading,
                                               Received received, Ended ended);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// A failure ends the channel, later.
  void send(std::span<const std::byte> bytes, std::vector<Fd> fds = {});

 private:
  Channel(Reactor& reactor, Fd socket, Reading reading, Received received, Ended ended);
  void onEvents();
  Result<void> exchange();
  Result<void> flush();
  Result<void> updateInterest();
  bool mayRead() const { return reading_ == Reading::kAlways || waiting_.empty(); }
  void end(Error error);

  Reactor& reactor_;
  Fd socket_;
  Reading reading_;
  Received received_;
  Ended ended_;
  std::deque<Packet> waiting_;
  uint32_t interest_ = 0;  ///< what the reactor watches for
};

}  // namespace sluice::broker
