// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "userspace/base/random.h"
#include "userspace/base/reactor.h"
#include "userspace/model/broker.h"
#include "userspace/model/data_plane.h"
#include "userspace/proxy/config.h"
#include "userspace/proxy/context.h"
#include "userspace/proxy/http2_server.h"
#include "userspace/proxy/listener.h"
#include "userspace/proxy/options.h"
#include "userspace/proxy/session.h"
#include "userspace/proxy/stats.h"

namespace sluice::proxy {

/// One client connection, for those who look.
struct ConnectionInfo {
  WorkloadId workload;
  ServiceId service;
  SocketAddress client;
  EndpointId endpoint;  ///< of the running request; 0: none
  const char* state = "";
  Duration age{};
  uint64_t requests = 0;  ///< since the connection was accepted
};

/// The proxy of one thread: listeners, clients' connections, connections to servers. Everything
/// belongs to the reactor's thread; others use Reactor::post().
class Worker {
 public:
  /// Borrows everything. `sockets` answers on `reactor`; workers share `retry_limits`.
  Worker(Reactor& reactor, Sockets& sockets, DataPlane& data_plane, Random& random,
         RetryLimits& retry_limits, const WorkerOptions& options, const Observers& observers);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Resets what is still open; drain() first.
  ~Worker();

  /// From the next request on, on every connection.
  void setConfig(std::shared_ptr<const ProxyConfig> config);

  /// A workload has at most one listener per family here. Accepts from now on, also without a
  /// configuration: answers are 404 NR then.
  Result<void> addListener(ListenerSpec spec);
  /// Accepts no more for that workload; connections that are open stay.
  void removeListener(WorkloadId workload);

  /// The same, and those connections end without their client noticing, as with retire(): each
  /// behind the response to its next request, or when it has been idle for `patience`. Tunnels go
  /// on. Until addListener().
  void leave(WorkloadId workload, Duration patience);

  /// Leaves connections in all listeners' backlogs, until addListener().
  void stopAccepting() { listeners_.clear(); }

  /// Ends without a client noticing: each connection ends behind the response to its next request,
  /// streams of HTTP/2 move elsewhere. From `patience` on as drain(). Where it still accepts, it
  /// goes on until then.
  void retire(Duration patience, Duration deadline, std::function<void()> done);

  /// Accepts no more, closes idle connections, ends the others after their response, and resets
  /// what is left after `deadline`; then calls `done`, once, never from within this call.
  void drain(Duration deadline, std::function<void()> done);

  WorkerStats stats() const;
  std::vector<ConnectionInfo> connections() const;

 private:
  bool needsOrigin(WorkloadId workload, ServiceId service) const;
  void accepted(Fd socket, const Origin& origin, Lease place);
  void open(std::shared_ptr<Channel> client, Session::Carrier carrier, const Origin& origin);
  void speaksHttp2(std::shared_ptr<Channel> client, std::string_view bytes, const Origin& origin);
  void closed(Session& session);
  void closed(Http2Server& connection);
  bool idle() const { return sessions_.empty() && http2_.empty(); }
  ConnectionInfo infoOf(const Session& session) const;
  void endIdleAfter(Duration patience, WorkloadId workload);
  bool endIdle(WorkloadId workload);
  void abortAll();
  void finishDraining();

  DataPlane& data_plane_;
  Context context_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<const Session*, std::shared_ptr<Session>> sessions_;
  std::unordered_map<const Http2Server*, std::shared_ptr<Http2Server>> http2_;
  std::function<void()> drained_;
  Reactor::TimerId drain_timer_ = 0;
  std::map<WorkloadId, Reactor::TimerId> leave_timers_;
};

}  // namespace sluice::proxy
