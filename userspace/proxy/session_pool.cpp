// SPDX-License-Identifier: Apache-2.0
// What the destination's connection pool allows.
#include "userspace/proxy/connection_terms.h"
#include "userspace/proxy/session.h"

namespace sluice::proxy {

namespace {

/// What a cluster without limits has.
const PoolSettings kNoLimits;

const PoolSettings& settingsOf(const ProxyCluster& cluster) {
  return cluster.pool ? cluster.pool->settings() : kNoLimits;
}

}  // namespace

/// False when there are too many requests on their way; this one has been answered then.
bool Session::beginAtCluster() {
  const auto& pool = exchange_.cluster->pool;
  if (!pool || exchange_.opaque) return true;
  request_lease_.release();  // of an earlier destination
  pending_lease_.release();
  request_lease_ = pool->request();
  if (request_lease_) return true;
  overflow();
  return false;
}

void Session::overflow() {
  ++context_.stats.overflows;
  exchange_.cluster->pool->countOverflow();
  reply(kOverflow);
}

/// False when too many requests wait for a connection; this one has been answered then.
bool Session::mayWait() {
  const auto& pool = exchange_.cluster->pool;
  if (!pool || pending_lease_) return true;
  pending_lease_ = pool->pending();
  if (pending_lease_) return true;
  overflow();
  return false;
}

/// Whether a connection may be opened now. If not, the request waits for one, or is answered.
bool Session::takePlace() {
  const auto& pool = exchange_.cluster->pool;
  if (!pool || place_ || lead_) return true;  // requests of HTTP/2 share connections
  const auto key = upstreamKey();
  if (exchange_.opaque) {
    // Envoy: connections of TCP do not wait for each other.
    place_ = context_.queue.openWithinLimit(key, *pool);
    if (!place_) overflow();
    return static_cast<bool>(place_);
  }
  if (!mayWait()) return false;
  place_ = context_.queue.open(key, *pool);
  if (!place_) waitForPlace(key);
  return static_cast<bool>(place_);
}

/// Envoy: as long as the request's timeout allows.
void Session::waitForPlace(const Upstream::Key& key) {
  ++context_.stats.queued;
  state_ = State::kQueued;
  using Wants = ConnectionQueue::Wants;
  const auto wants = exchange_.fresh_connection_only ? Wants::kFresh : Wants::kAny;
  ticket_ =
      context_.queue.wait(key, exchange_.cluster->pool, wants,
                          [this](std::shared_ptr<Upstream> free, ConnectionQueue::Place place) {
                            myTurn(std::move(free), std::move(place));
                          });
}

void Session::myTurn(std::shared_ptr<Upstream> free, ConnectionQueue::Place place) {
  ticket_.reset();
  if (free) {
    attach(std::move(free));
  } else {
    place_ = std::move(place);
    connect();
  }
  advance();
}

/// One deadline for each try, whoever connects and however often: who waits for another's
/// connection may have to make one in the end.
void Session::awaitConnection() {
  state_ = State::kConnecting;
  if (!expires()) context_.connectDeadline(exchange_.cluster->pool.get()).join(*this);
}

void Session::applyPool(Upstream& upstream, int socket) {
  if (!exchange_.cluster->pool) return;
  setTerms(exchange_.cluster->pool->settings(), context_.reactor.now(), socket, upstream);
  upstream.hold(std::make_shared<ConnectionQueue::Place>(std::move(place_)));
}

/// Istio: tcp.idleTimeout and tcp.maxConnectionDuration are about both connections of a tunnel that
/// carries no HTTP.
void Session::startTunnelClocks() {
  tunnelMoved();
  const auto& longest = settingsOf(*exchange_.cluster).longest_connection;
  if (!longest) return;
  exchange_.timeout_timer = context_.reactor.after(*longest, [this] {
    exchange_.timeout_timer = 0;
    tunnelTooOld();
  });
}

void Session::tunnelMoved() {
  if (!exchange_.opaque) return;
  if (const auto& idle = settingsOf(*exchange_.cluster).tunnel_idle)
    context_.deadlines.of(*idle).join(*this);
}

/// The request uses and wants no connection any more.
void Session::leavePool() {
  ticket_.reset();
  pending_lease_.release();
  place_.release();
}

}  // namespace sluice::proxy
