// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "maps/tables.hpp"
#include "userspace/base/fd.h"
#include "userspace/base/reactor.h"
#include "userspace/model/ids.h"
#include "userspace/proxy/cluster_pool.h"
#include "userspace/proxy/options.h"
#include "userspace/proxy/session.h"
#include "userspace/proxy/stats.h"

namespace sluice::proxy {

/// A listening socket of a workload. Several workers may have descriptors of one socket.
struct ListenerSpec {
  WorkloadId workload;
  Fd socket;          ///< non-blocking
  int family = 0;     ///< AF_INET or AF_INET6
  uint16_t port = 0;  ///< host byte order
  /// Open connections of the workload, which all of its listeners count together; null where it
  /// has no other.
  Lease::Count connections = {};
};

/// Takes connections from a listener's backlog and finds out which service they called.
class Listener {
 public:
  /// `place`: among the workload's connections, for as long as this one is open.
  using Accepted = std::function<void(Fd socket, const Origin& origin, Lease place)>;
  /// Whether the service needs the address that was called, as far as the workload is concerned.
  using NeedsOrigin = std::function<bool(WorkloadId workload, ServiceId service)>;

  Listener(Reactor& reactor, DataPlane& data_plane, const WorkerOptions& options,
           WorkerStats& stats, ListenerSpec spec, NeedsOrigin needs_origin, Accepted accepted);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  WorkloadId workload() const { return spec_.workload; }
  Result<void> start();
  void stop();

 private:
  void acceptBatch();
  bool acceptOne();
  void pause();
  void take(Fd socket, const SocketAddress& client);
  Origin originOf(int socket, const SocketAddress& client);
  ServiceId serviceFromAddress(int socket) const;
  std::optional<origdst> takeFromTable(const SocketAddress& client);

  Reactor& reactor_;
  maps::View<Table::kOriginalDestinations> destinations_;
  const WorkerOptions& options_;
  WorkerStats& stats_;
  ListenerSpec spec_;
  NeedsOrigin needs_origin_;
  Accepted accepted_;
  Reactor::TimerId pause_ = 0;
};

}  // namespace sluice::proxy
