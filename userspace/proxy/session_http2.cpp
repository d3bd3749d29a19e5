// SPDX-License-Identifier: Apache-2.0
// Servers that speak HTTP/2: a stream of a connection that many share.
#include "userspace/proxy/http2_pool.h"
#include "userspace/proxy/session.h"

namespace sluice::proxy {

/// An upgrade needs a connection of its own, as HTTP/1.1 has.
bool Session::wantsStream() const {
  if (exchange_.opaque || exchange_.wants_upgrade) return false;
  return exchange_.cluster->takesHttp2(carrier_ == Carrier::kStream);
}

void Session::chooseStream() {
  const auto key = upstreamKey();
  if (auto upstream = context_.http2_pool->open(key, *this)) return attach(std::move(upstream));
  if (!mayWait()) return;
  const auto ready = [weak = weak_from_this(), attempt = ++attempt_] {
    const auto self = weak.lock();
    if (!self || attempt != self->attempt_ || self->state_ != State::kConnecting) return;
    self->chooseStream();
    self->advance();
  };
  lead_ = context_.http2_pool->lead(key, ready);
  if (lead_) return connect();
  awaitConnection();
}

/// The connection that this session has made, for all who wait.
void Session::streamsMade() {
  auto channel = upstream_->release();
  upstream_.reset();
  const auto terms = Http2Terms::of(*exchange_.cluster->cluster, context_.reactor.now());
  if (!context_.http2_pool->adopt(std::move(lead_), std::move(channel), terms).ok())
    return connectFailed();
  chooseStream();
}

}  // namespace sluice::proxy
