// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/mirrors.h"

#include <algorithm>

#include "userspace/proxy/context.h"
#include "userspace/proxy/mirrored_request.h"
#include "userspace/proxy/tls/client.h"

namespace sluice::proxy {

void Mirrors::send(const ProxyCluster& mirror, RequestCopy copy) {
  const WorkerOptions& options = context_.options;
  const size_t size = copy.bytes->size();
  if (in_flight_.size() >= options.mirrored_requests || bytes_ + size > options.mirrored_bytes) {
    ++context_.stats.mirrors_dropped;
    return;
  }
  if (mirror.tls && mirror.tls->problem()) {
    ++context_.stats.tls_unusable;
    ++context_.stats.mirror_failures;
    return;
  }
  auto lease = mirror.pool ? mirror.pool->request() : Lease();
  if (mirror.pool && !lease) {
    mirror.pool->countOverflow();
    ++context_.stats.mirrors_dropped;
    return;
  }
  const auto* endpoint = context_.balancer.pick(mirror, {}, {copy.workload});
  if (endpoint == nullptr) {
    ++context_.stats.mirror_failures;
    return;
  }
  // A mirror that never answers must not hold its place for ever.
  if (copy.timeout <= Duration::zero()) copy.timeout = options.mirror_timeout;
  copy.timeout = std::min(copy.timeout, options.mirror_timeout);
  copy.http2 = mirror.takesHttp2(copy.http2);
  auto request = std::make_shared<MirroredRequest>(context_, mirror, *endpoint, std::move(copy),
                                                   std::move(lease));
  ++context_.stats.mirrored;
  bytes_ += size;
  in_flight_.emplace(request.get(), request);
  context_.reactor.post([request] { request->start(); });
}

void Mirrors::ended(const MirroredRequest& request) {
  bytes_ -= request.size();
  const auto found = in_flight_.find(&request);
  // Its functions are still on the stack.
  context_.reactor.post([kept = std::move(found->second)] {});
  in_flight_.erase(found);
}

void Mirrors::abortAll() {
  const auto all = in_flight_;
  for (const auto& [key, request] : all) request->end();
}

}  // namespace sluice::proxy
