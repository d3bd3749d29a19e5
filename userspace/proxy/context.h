// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "userspace/base/buffer.h"
#include "userspace/base/deadline_lists.h"
#include "userspace/base/deadlines.h"
#include "userspace/base/random.h"
#include "userspace/base/reactor.h"
#include "userspace/model/broker.h"
#include "userspace/proxy/balancer.h"
#include "userspace/proxy/config.h"
#include "userspace/proxy/connection_queue.h"
#include "userspace/proxy/counters.h"
#include "userspace/proxy/head_draft.h"
#include "userspace/proxy/http1/head.h"
#include "userspace/proxy/http2/message_splitter.h"
#include "userspace/proxy/mirrors.h"
#include "userspace/proxy/options.h"
#include "userspace/proxy/origin.h"
#include "userspace/proxy/pipe_pool.h"
#include "userspace/proxy/request_observer.h"
#include "userspace/proxy/retry_limits.h"
#include "userspace/proxy/stats.h"
#include "userspace/proxy/upstream_pool.h"

namespace sluice::proxy {

class Http2Pool;
class Session;

/// Space in front of each buffer's bytes, for heads that grow when they are passed on: by a name
/// for Host, by http1::kMaxHeadGrowth, and by what rules add. Memory that is never written to costs
/// nothing.
inline constexpr size_t kHeadroom = 4096;

/// What all sessions of one worker share; one thread.
struct Context {
  Context(Reactor& its_reactor, Sockets& its_sockets, DataPlane& data_plane, Random& its_random,
          RetryLimits& its_retry_limits, const WorkerOptions& its_options,
          const Observers& its_observers);
  ~Context();

  Reactor& reactor;
  Sockets& sockets;
  Random& random;
  const WorkerOptions options;
  const Observers observers;
  Balancer balancer;
  RetryLimits& retry_limits;  ///< of all workers
  Counters counters;
  BlockPool blocks;
  PipePool pipes;
  ConnectionQueue queue;
  UpstreamPool pool;  ///< behind the queue, in which its connections have places
  std::unique_ptr<Http2Pool> http2_pool;  ///< never null
  DeadlineLists deadlines;
  WorkerStats stats;
  /// Open ones of each workload's clients, at all workers.
  std::map<WorkloadId, Lease::Count> client_connections;

  std::shared_ptr<const ProxyConfig> config;
  uint64_t config_generation = 0;  ///< grows with each `config`
  bool draining = false;
  std::set<WorkloadId> leaving;  ///< whose connections end behind their next response

  /// Whether a connection of the workload ends behind the response to its next request.
  bool ends(WorkloadId workload) const { return draining || leaving.contains(workload); }

  DeadlineList idle, reading_head, detecting, connecting, lingering, awaiting_config;

  // Scratch, valid from filling to the next event: heads are 3 KiB of slices, too much to keep
  // with every connection, and cheap to parse again.
  http1::RequestHead request_head;
  http1::ResponseHead response_head;
  http2::HeadScratch http2_heads;
  std::vector<routing::HeaderView> header_views;
  std::string_view scheme = "http";  ///< of the request, as rules and redirects see it
  std::string text;
  HeadDraft draft;

  /// A connection that has answered everything that was asked: goes to who waits for one, or is
  /// kept.
  void giveBack(std::shared_ptr<Upstream> upstream) {
    if (!upstream->mayTakeAnother(reactor.now())) return upstream->close();
    upstream->setReused();
    if (!queue.handOver(upstream)) pool.give(std::move(upstream));
  }

  /// Of one try to connect to a cluster with these limits; null: there are none.
  DeadlineList& connectDeadline(const ClusterPool* limits);

  /// Whether a descriptor is kept for workloads that have less than this one (WorkerOptions).
  bool isKeptFrom(WorkloadId workload, int descriptor) const;

  /// Tells the worker that a session is over.
  std::function<void(Session&)> closed;
  /// Gives it a connection, which nobody watches, whose client speaks HTTP/2; `bytes` have been
  /// read from it.
  std::function<void(std::shared_ptr<Channel>, std::string_view bytes, const Origin&)> speaks_http2;

  Mirrors mirrors{*this};  ///< last: it uses the others until its end
};

}  // namespace sluice::proxy
