// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "userspace/agent/fleet.h"
#include "userspace/base/reactor.h"
#include "userspace/observe/requests.h"
#include "userspace/proxy/retry_limits.h"

namespace sluice::agent {

/// A thread for each worker, with a reactor, a channel to the broker and a proxy of its own.
class WorkerFleet final : public Fleet {
 public:
  struct Options {
    std::vector<Fd> channels;  ///< to the broker, one per worker
    proxy::WorkerOptions worker;
    proxy::RequestObserver* log = nullptr;  ///< borrowed; called from every thread; may be null
    /// The broker has gone: nothing can be connected any more. On the control thread.
    std::function<void(const Error&)> lost;
  };

  /// Borrows `control`, `clock` and `data_plane`. The threads run from here on.
  static Result<std::unique_ptr<WorkerFleet>> start(Reactor& control, const Clock& clock,
                                                    DataPlane& data_plane, Options options);
  /// Ends the threads; what is open is reset.
  ~WorkerFleet() override;

  void setConfig(std::shared_ptr<const proxy::ProxyConfig> config,
                 std::function<void()> done) override;
  Result<void> listen(WorkloadId workload, const Enrolled& enrolled) override;
  void unlisten(WorkloadId workload) override;
  void connections(std::function<void(std::vector<proxy::ConnectionInfo>)> answer) override;
  void comeRound(std::function<void()> done) override;
  proxy::WorkerStats stats() const override;
  /// What all workers have counted (RequestMetrics::collect()).
  observe::Requests requests(const std::map<WorkloadId, std::string>& names) const;
  void drain(Duration deadline, std::function<void()> done) override;
  /// Worker::stopAccepting(), until listen().
  void stopAccepting(std::function<void()> done);
  /// Worker::retire().
  void retire(Duration patience, Duration deadline, std::function<void()> done);

 private:
  struct Member;

  WorkerFleet(Reactor& control, const Clock& clock);
  Result<void> add(const Clock& clock, DataPlane& data_plane, Fd channel, const Options& options);
  std::function<void()> whenAllAre(std::function<void()> done) const;
  /// Calls `ready` when it is done, on the worker's thread.
  using Task = std::function<void(proxy::Worker& worker, const std::function<void()>& ready)>;
  void onEach(std::function<void()> done, const Task& task);

  Reactor& control_;
  proxy::RetryLimits retry_limits_;
  std::map<WorkloadId, proxy::Lease::Count> connections_;  ///< open ones, of all members
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace sluice::agent
