// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "userspace/base/buffer.h"
#include "userspace/base/deadlines.h"
#include "userspace/base/random.h"
#include "userspace/base/reactor.h"
#include "userspace/model/broker.h"
#include "userspace/proxy/access_log.h"
#include "userspace/proxy/balancer.h"
#include "userspace/proxy/config.h"
#include "userspace/proxy/counters.h"
#include "userspace/proxy/head_draft.h"
#include "userspace/proxy/http1/head.h"
#include "userspace/proxy/mirrors.h"
#include "userspace/proxy/options.h"
#include "userspace/proxy/retry_limits.h"
#include "userspace/proxy/stats.h"
#include "userspace/proxy/upstream_pool.h"

namespace sluice::proxy {

class Session;

/// Space in front of each buffer's bytes, for heads that grow when they are passed on: by a name
/// for Host, by http1::kMaxHeadGrowth, and by what rules add. Memory that is never written to costs
/// nothing.
inline constexpr size_t kHeadroom = 4096;

/// What all sessions of one worker share; one thread.
struct Context {
  Context(Reactor& its_reactor, Sockets& its_sockets, DataPlane& data_plane, Random& its_random,
          const WorkerOptions& its_options, AccessLog* its_log)
      : reactor(its_reactor),
        sockets(its_sockets),
        random(its_random),
        options(its_options),
        access_log(its_log),
        balancer(its_random, data_plane),
        counters(data_plane),
        blocks(kHeadroom + kBufferBytes, options.kept_buffers),
        pool(reactor, options.upstream_idle, options.idle_per_endpoint),
        idle(reactor, options.client_idle),
        reading_head(reactor, options.head_timeout),
        detecting(reactor, options.detection_timeout),
        connecting(reactor, options.connect_timeout),
        lingering(reactor, options.linger),
        awaiting_config(reactor, options.config_wait) {}

  Reactor& reactor;
  Sockets& sockets;
  Random& random;
  const WorkerOptions options;
  AccessLog* access_log;  ///< may be null
  Balancer balancer;
  RetryLimits retry_limits;
  Counters counters;
  BlockPool blocks;
  UpstreamPool pool;
  WorkerStats stats;

  std::shared_ptr<const ProxyConfig> config;
  uint64_t config_generation = 0;  ///< grows with each `config`
  bool draining = false;

  DeadlineList idle, reading_head, detecting, connecting, lingering, awaiting_config;

  // Scratch, valid from filling to the next event: heads are 3 KiB of slices, too much to keep
  // with every connection, and cheap to parse again.
  http1::RequestHead request_head;
  http1::ResponseHead response_head;
  std::vector<routing::HeaderView> header_views;
  std::string_view scheme = "http";  ///< of the request, as rules and redirects see it
  std::string text;
  HeadDraft draft;

  /// Tells the worker that a session is over.
  std::function<void(Session&)> closed;

  Mirrors mirrors{*this};  ///< last: it uses the others until its end
};

}  // namespace sluice::proxy
