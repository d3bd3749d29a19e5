// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>

#include "userspace/base/reactor.h"
#include "userspace/broker/channel.h"

namespace sluice::broker {

/// The agent's requests over one channel, and whose answer is whose.
class Calls {
 public:
  /// The packet that answers, which at least has a Header; or kUnavailable when the channel has
  /// ended, kExhausted when too many requests wait. Always called from the reactor, not from
  /// within send(); must not destroy the Calls.
  using Answer = std::function<void(Result<Packet>)>;
  /// The channel has ended; every waiting Answer has been called.
  using Lost = std::function<void(const Error&)>;

  /// A packet that answers nothing: its request number is 0. An error ends the channel.
  using Told = std::function<Result<void>(const Packet&)>;

  static constexpr size_t kMaxWaiting = 4096;

  /// Without `told` such packets are errors.
  static Result<std::unique_ptr<Calls>> open(Reactor& reactor, Fd channel, Lost lost,
                                             Told told = {});

  /// A number for the next request.
  uint64_t number() { return ++last_; }
  /// Sends a request, or the last message of one.
  void send(uint64_t number, std::span<const std::byte> bytes, Answer answer);
  /// Sends a message that gets no answer: the first ones of a request of several.
  void announce(std::span<const std::byte> bytes);

 private:
  Calls(Reactor& reactor, Lost lost, Told told)
      : reactor_(reactor), lost_(std::move(lost)), told_(std::move(told)) {}
  void refuse(Answer answer, Error error);
  Result<void> onPacket(Packet packet);
  void onEnded(const Error& error);

  Reactor& reactor_;
  Lost lost_;
  Told told_;
  std::unique_ptr<Channel> channel_;  ///< null once it has ended
  std::unordered_map<uint64_t, Answer> waiting_;
  uint64_t last_ = 0;
};

}  // namespace sluice::broker
