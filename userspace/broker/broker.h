// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "userspace/broker/attachments.h"
#include "userspace/broker/connector.h"
#include "userspace/broker/reaper.h"
#include "userspace/broker/server.h"
#include "userspace/broker/supervisor.h"
#include "userspace/broker/watchdog.h"

namespace sluice::broker {

/// The privileged process's work, put together: enrolments, the server, and a supervised agent.
/// All on one reactor and its thread, in the namespace that this thread is in.
class Broker {
 public:
  struct Options {
    std::vector<std::string> agent;  ///< argv; it finds its control channel at kControlFd
    uint32_t workers = 1;            ///< channels for Connect, one per worker of the proxy
    Duration stop_deadline = std::chrono::seconds(10);
    Duration patience = std::chrono::seconds(30);  ///< with an agent that gives no sign of life
  };

  /// Borrows all. `tables`: descriptors in the order of maps/abi/tables.def, for the agent;
  /// `connection_store`: of the sockets' storage.
  /// Raises this process's limit of open files to what it may be; the agent inherits it.
  static Result<std::unique_ptr<Broker>> create(Reactor& reactor, Attachments& attachments,
                                                DataPlane& tables_view, std::vector<int> tables,
                                                int connection_store, Options options);

  /// Starts the agent.
  Result<void> start() { return supervisor_->start(); }

  /// Stops the agent, then calls `stopped`. Attachments stay: they are the kernel's.
  void stop(std::function<void()> stopped) { supervisor_->stop(std::move(stopped)); }

 private:
  Broker(Cgroups cgroups, NamespaceVisitor visitor, Attachments& attachments, DataPlane& tables,
         int connection_store);
  void onSessionEnded(const Error& error);
  Result<void> resetGone();

  Cgroups cgroups_;
  NamespaceVisitor visitor_;
  Enrolments enrolments_;
  Connector connector_;
  Reaper reaper_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace sluice::broker
