// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "userspace/broker/agent_orders.h"
#include "userspace/broker/attachments.h"
#include "userspace/broker/connector.h"
#include "userspace/broker/drainer.h"
#include "userspace/broker/leaving.h"
#include "userspace/broker/open_counts.h"
#include "userspace/broker/reaper.h"
#include "userspace/broker/rounds.h"
#include "userspace/broker/server.h"
#include "userspace/broker/supervisor.h"
#include "userspace/broker/watchdog.h"
#include "userspace/model/connection_store.h"

namespace sluice::broker {

/// To what this process may have at most, its children as well. Each workload takes five
/// descriptors in the broker, each connection of the proxy two in the agent.
Result<void> raiseOpenFiles();

/// The privileged process's work, put together: enrolments, the server, and a supervised agent.
/// All on one reactor and its thread, in the namespace that this thread is in.
class Broker {
 public:
  struct Options {
    std::vector<std::string> agent;  ///< argv; it finds its control channel at kControlFd
    uint32_t workers = 1;            ///< channels for Connect, one per worker of the proxy
    Duration stop_deadline = std::chrono::seconds(10);
    Duration patience = std::chrono::seconds(30);  ///< with an agent that gives no sign of life
    std::vector<int> sockets = {};                 ///< borrowed, for the agent: admin, metrics
    /// What another sluiced hands over with its place.
    std::map<WorkloadId, InheritedListeners> inherited = {};
    /// The agent is about to publish for the first time since it was started, and waits for `go`.
    std::function<void(std::function<void()> go)> ready = [](const auto& go) { go(); };
    /// It has published, and accepts.
    std::function<void()> serves = [] {};
    /// Nothing is in force, and what there is to publish could not be.
    std::function<void()> fails = [] {};
  };

  /// Borrows all. `tables`: descriptors in the order of maps/abi/tables.def, then that of the ring
  /// `events`, for the agent.
  /// Raises this process's limit of open files to what it may be; the agent inherits it.
  static Result<std::unique_ptr<Broker>> create(Reactor& reactor, Attachments& attachments,
                                                DataPlane& tables_view, std::vector<int> tables,
                                                const ConnectionStore& connection_store,
                                                Options options);

  /// Starts the agent.
  Result<void> start() { return supervisor_->start(); }

  /// The place is still another's: an agent that ends is not replaced, `failed` is called instead.
  /// Until settle(). No workload is released before the agent serves.
  void succeed(std::function<void()> failed) {
    supervisor_->hold(std::move(failed));
    enrolments_.holdReleases();
  }
  void settle() { supervisor_->release(); }

  /// For Successor.
  AgentOrders& orders() { return *orders_; }
  Enrolments& enrolments() { return enrolments_; }
  /// For the time in which the agent does not follow the rules; see Authorizer.
  void keepMembers();
  void forgetMembers() { connector_.forgetMembers(); }
  /// Opens no connection for the agent any more.
  void closeConnector() { connector_.close(); }
  /// Another one looks after those that are to be ended.
  void stopDraining() { drains_.stop(); }

  /// Stops the agent, then calls `stopped`. Attachments stay: they are the kernel's.
  void stop(std::function<void()> stopped) { supervisor_->stop(std::move(stopped)); }

 private:
  Broker(Reactor& reactor, Cgroups cgroups, NamespaceVisitor visitor, Attachments& attachments,
         DataPlane& tables, const ConnectionStore& connection_store);
  void onSessionEnded(const Error& error);
  Result<void> resetGone();
  void onReport(const Report& report, const std::function<void()>& answer);
  void onServes();
  bool drain();
  void onAttaching(WorkloadId workload, int cgroup, const NetworkNamespace& there);
  void onDetached(WorkloadId workload, Enrolments::Place place);

  Cgroups cgroups_;
  NamespaceVisitor visitor_;
  Enrolments enrolments_;
  Leaving leaving_;
  OpenCounts open_counts_;
  Connector connector_;
  Reaper reaper_;
  Drainer drainer_;
  Rounds drains_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<AgentOrders> orders_;
  std::function<void(std::function<void()>)> ready_;
  std::function<void()> serves_, fails_;
};

}  // namespace sluice::broker
