// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/context.h"

#include "userspace/proxy/http2_pool.h"

namespace sluice::proxy {

Context::Context(Reactor& its_reactor, Sockets& its_sockets, DataPlane& data_plane,
                 Random& its_random, RetryLimits& its_retry_limits,
                 const WorkerOptions& its_options, const Observers& its_observers)
    : reactor(its_reactor),
      sockets(its_sockets),
      random(its_random),
      options(its_options),
      observers(its_observers),
      balancer(its_random, data_plane),
      retry_limits(its_retry_limits),
      counters(data_plane),
      blocks(kHeadroom + kBufferBytes, options.kept_buffers),
      pipes(options.pipes, stats),
      queue(reactor),
      pool(reactor, options.upstream_idle, options.idle_per_endpoint),
      http2_pool(std::make_unique<Http2Pool>(*this)),
      deadlines(reactor),
      idle(reactor, options.client_idle),
      reading_head(reactor, options.head_timeout),
      detecting(reactor, options.detection_timeout),
      connecting(reactor, options.connect_timeout),
      lingering(reactor, options.linger),
      awaiting_config(reactor, options.config_wait) {}

Context::~Context() = default;

DeadlineList& Context::connectDeadline(const ClusterPool* limits) {
  const auto timeout = limits == nullptr ? std::nullopt : limits->settings().connect_timeout;
  return timeout ? deadlines.of(*timeout) : connecting;
}

bool Context::isKeptFrom(WorkloadId workload, int descriptor) const {
  if (descriptor < options.scarce_descriptor) return false;
  const auto open = client_connections.find(workload);
  return open != client_connections.end() && *open->second > options.connections_per_workload;
}

}  // namespace sluice::proxy
