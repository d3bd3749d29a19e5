// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "userspace/broker/agent_orders.h"
#include "userspace/broker/channel.h"
#include "userspace/broker/handover_protocol.h"

namespace sluice::broker {

/// The side of a sluiced that runs: gives its place to one that asks for it, and takes it back when
/// that one ends before it has said that it serves.
class Successor {
 public:
  struct Options {
    uint32_t schema = 0;                    ///< of the tables
    const PlaceSockets* sockets = nullptr;  ///< borrowed, until `left`
    Duration drain{};  ///< for connections that are open when the place is another's
    /// Why it cannot be now.
    std::function<Result<void>()> admit = [] { return Result<void>(); };
    /// The agent rests; what the workloads have.
    std::function<Result<std::map<WorkloadId, InheritedListeners>>()> bequest;
    /// The successor has ended; before the agent goes on.
    std::function<void()> taken_back = [] {};
    /// The successor serves. `same_listeners`: and accepts on the listeners of this one.
    std::function<void(bool same_listeners)> left = [](bool) {};
    /// Nothing is left to do for this process.
    std::function<void()> ended;
  };

  /// Borrows both. Listens on `options.sockets->successor`.
  static Result<std::unique_ptr<Successor>> create(Reactor& reactor, AgentOrders& agent,
                                                   Options options);
  ~Successor();
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;

  /// Somebody is about to take the place, or has.
  bool isThere() const { return state_ != State::kNone; }
  /// The place is the successor's for good.
  bool hasTaken() const { return state_ == State::kTaken; }

 private:
  enum class State { kNone, kPausing, kOffered, kTaken };

  Successor(Reactor& reactor, AgentOrders& agent, Options options);
  void accept();
  void stopListening();
  Result<void> onPacket(const Packet& packet);
  Result<void> onAsk(const Packet& packet);
  void offer();
  void send(Packet packet);
  void onTaken();
  void onEnded();
  void refuse(const Error& why);

  Reactor& reactor_;
  AgentOrders& agent_;
  Options options_;
  int listener_;  ///< -1: the place is gone, and with it this
  State state_ = State::kNone;
  bool same_listeners_ = false;
  Fd turned_away_;  ///< open, as a closed one could not be read from
  std::unique_ptr<Channel> channel_;
};

/// A listening socket at `path`, for this user alone; who listened there before does so no more.
Result<Fd> listenForSuccessor(const std::string& path);

}  // namespace sluice::broker
