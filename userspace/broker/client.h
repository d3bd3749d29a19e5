// SPDX-License-Identifier: Apache-2.0
// The agent's side: what it asks of the broker, without waiting for the answer.
#pragma once

#include <memory>
#include <vector>

#include "userspace/base/reactor.h"
#include "userspace/broker/calls.h"
#include "userspace/broker/protocol.h"
#include "userspace/model/broker.h"

namespace sluice::broker {

/// What the broker hands to a fresh agent.
struct Session {
  std::vector<Fd> tables;   ///< in the order of maps/abi/tables.def, then `events`
  std::vector<Fd> workers;  ///< a channel for each worker: SocketClient::create()
  std::vector<Fd> sockets;  ///< Broker::Options::sockets
};

/// Receives it from `control` (kControlFd), which stays open for WorkloadClient::create(). Blocks
/// until it is there, at most `longest`; kUnavailable after that. kUnsupported: the broker is of
/// another build.
Result<Session> join(int control, Duration longest);

/// Workloads over the control channel. On one reactor and its thread. Callbacks must not destroy
/// it; those that wait when it is destroyed are not called.
class WorkloadClient final : public Workloads, public Connections {
 public:
  /// What the broker orders; Event::kDone is to be reported when it is done.
  using Ordered = std::function<void(const Command&)>;

  /// `lost` is called when the channel has ended, after every waiting callback got kUnavailable.
  static Result<std::unique_ptr<WorkloadClient>> create(Reactor& reactor, Fd control,
                                                        Calls::Lost lost, Ordered ordered = {});

  void enroll(const Enrolment& enrolment, std::function<void(Result<Enrolled>)> done) override;
  void keepOnly(const std::vector<WorkloadId>& workloads,
                std::function<void(Result<void>)> done) override;
  void list(std::function<void(Result<std::vector<WorkloadConnection>>)> done) override;
  void resetGone(std::function<void(Result<void>)> done) override;
  void drain(std::function<void(Result<void>)> done) override;

  /// `round`: of the Command that is done. `answered`: the broker knows; after kReady: go on.
  void report(Event event, uint64_t round, std::function<void()> answered);

 private:
  /// A request that says nothing but its type.
  template <typename Message>
  void ask(std::function<void(Result<void>)> done);
  WorkloadClient(Reactor& reactor, std::unique_ptr<Calls> calls)
      : reactor_(reactor), calls_(std::move(calls)) {}

  Reactor& reactor_;
  std::unique_ptr<Calls> calls_;
};

/// Sockets over a worker's channel. On one reactor and its thread. Callbacks must not destroy it;
/// those that wait when it is destroyed are not called.
class SocketClient final : public Sockets {
 public:
  /// `lost`: as in WorkloadClient.
  static Result<std::unique_ptr<SocketClient>> create(Reactor& reactor, Fd worker,
                                                      Calls::Lost lost);

  void connect(const UpstreamTarget& target, Opened opened) override;

 private:
  explicit SocketClient(std::unique_ptr<Calls> calls) : calls_(std::move(calls)) {}

  std::unique_ptr<Calls> calls_;
};

}  // namespace sluice::broker
