// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "userspace/base/reactor.h"
#include "userspace/broker/channel.h"
#include "userspace/broker/connector.h"
#include "userspace/broker/enrolments.h"
#include "userspace/broker/protocol.h"

namespace sluice::broker {

/// The broker's side of the channels to one agent at a time. Answers each request at once; an
/// agent that does not read its answers is not heard until it does.
class Server {
 public:
  struct Options {
    std::vector<int> tables;  ///< borrowed; of maps/abi/tables.def, then `events`
    uint32_t workers = 1;     ///< channels for Connect
    /// The session has ended from within: the agent closed a channel or broke the protocol.
    /// May open() the next.
    std::function<void(const Error&)> ended;
    /// What ResetGone asks for.
    std::function<Result<void>()> reset_gone = [] { return Result<void>(); };
    /// What Drain asks for.
    std::function<void()> drain = [] {};
    /// What ListConnections asks for.
    std::function<Result<std::vector<WorkloadConnection>>()> connections = [] {
      return Result<std::vector<WorkloadConnection>>(std::vector<WorkloadConnection>());
    };
    /// What the agent reports; it is answered when `answer` is called.
    std::function<void(const Report&, std::function<void()> answer)> reported =
        [](const Report&, const std::function<void()>& answer) { answer(); };
    std::vector<int> sockets = {};  ///< borrowed; each agent gets duplicates, behind its channels
  };

  /// Borrows all. kInvalid: more tables and workers than one message carries.
  static Result<std::unique_ptr<Server>> create(Reactor& reactor, Enrolments& enrolments,
                                                Connector& connector, Options options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Ends the session that is, if any, and starts one for a fresh agent. The agent's end of its
  /// control channel, where Hello waits.
  Result<Fd> open();

  /// Ends the session without a call of `ended`.
  void close();

  /// To the agent of this session, if there is one.
  void command(Order order, uint64_t round, uint32_t seconds = 0);

 private:
  using Handle = Result<void> (Server::*)(Channel&, const Packet&);

  Server(Reactor& reactor, Enrolments& enrolments, Connector& connector, Options options);
  Result<Fd> addChannel(Handle handle);
  Result<void> greet(std::vector<Fd> workers);
  void onEnded(const Error& error);

  Result<void> onControl(Channel& channel, const Packet& packet);
  Result<void> onWorker(Channel& channel, const Packet& packet);
  Result<void> onEnroll(Channel& channel, const Enroll& request);
  Result<void> onKeepOnly(Channel& channel, const KeepOnly& request);
  Result<void> onReport(const Report& request);

  Reactor& reactor_;
  Enrolments& enrolments_;
  Connector& connector_;
  Options options_;
  std::vector<std::unique_ptr<Channel>> channels_;  ///< of the session; control first
  std::vector<WorkloadId> kept_;                    ///< of a KeepOnly that has begun
  /// Of the session, for late answers; null between two.
  std::shared_ptr<const bool> session_;
};

}  // namespace sluice::broker
