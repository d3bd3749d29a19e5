// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/worker.h"

#include <algorithm>
#include <utility>

#include "userspace/proxy/http2_pool.h"

namespace sluice::proxy {

namespace {

/// Has its place among its workload's connections as long as anybody uses it, as HTTP/1 or 2.
struct AcceptedConnection {
  AcceptedConnection(Reactor& reactor, Fd socket, Lease its_place)
      : channel(reactor, std::move(socket)), place(std::move(its_place)) {}

  SocketChannel channel;
  Lease place;
};

const char* stateName(Session::State state) {
  switch (state) {
    case Session::State::kHead:
    case Session::State::kDetecting:
      return "idle";
    case Session::State::kDelayed:
      return "delayed";
    case Session::State::kParked:
      return "rerouting";
    case Session::State::kQueued:
      return "queued";
    case Session::State::kConnecting:
      return "connecting";
    case Session::State::kBackingOff:
      return "retrying";
    case Session::State::kRelaying:
    case Session::State::kReplying:
      return "active";
    case Session::State::kTunnel:
      return "tunnel";
    case Session::State::kLingering:
    case Session::State::kClosed:
      return "closing";
  }
  return "";
}

}  // namespace

Worker::Worker(Reactor& reactor, Sockets& sockets, DataPlane& data_plane, Random& random,
               RetryLimits& retry_limits, const WorkerOptions& options, const Observers& observers)
    : data_plane_(data_plane),
      context_(reactor, sockets, data_plane, random, retry_limits, options, observers) {
  context_.closed = [this](Session& session) { closed(session); };
  context_.speaks_http2 = [this](std::shared_ptr<Channel> client, std::string_view bytes,
                                 const Origin& origin) {
    speaksHttp2(std::move(client), bytes, origin);
  };
}

Worker::~Worker() {
  context_.reactor.cancel(drain_timer_);
  for (const auto& [workload, timer] : leave_timers_) context_.reactor.cancel(timer);
  drained_ = nullptr;
  listeners_.clear();
  abortAll();
}

void Worker::setConfig(std::shared_ptr<const ProxyConfig> config) {
  context_.config = std::move(config);
  ++context_.config_generation;
  context_.awaiting_config.expireAll();
}

Result<void> Worker::addListener(ListenerSpec spec) {
  if (!spec.connections) spec.connections = std::make_shared<std::atomic<uint32_t>>(0);
  context_.client_connections[spec.workload] = spec.connections;
  auto listener = std::make_unique<Listener>(
      context_.reactor, data_plane_, context_.options, context_.stats, std::move(spec),
      [this](WorkloadId workload, ServiceId service) { return needsOrigin(workload, service); },
      [this](Fd socket, const Origin& origin, Lease place) {
        accepted(std::move(socket), origin, std::move(place));
      });
  SLUICE_TRY(listener->start());
  context_.leaving.erase(listener->workload());
  listeners_.push_back(std::move(listener));
  return {};
}

void Worker::removeListener(WorkloadId workload) {
  context_.client_connections.erase(workload);
  std::erase_if(listeners_, [&](const auto& each) { return each->workload() == workload; });
}

void Worker::leave(WorkloadId workload, Duration patience) {
  removeListener(workload);
  context_.leaving.insert(workload);
  for (const auto& [key, connection] : http2_)
    if (connection->origin().workload == workload) connection->drain();
  endIdleAfter(patience, workload);
}

/// Again and again, until nothing is left.
void Worker::endIdleAfter(Duration patience, WorkloadId workload) {
  auto& timer = leave_timers_[workload];
  context_.reactor.cancel(timer);
  timer = context_.reactor.after(patience, [this, patience, workload] {
    leave_timers_.erase(workload);
    if (context_.leaving.contains(workload) && endIdle(workload))
      endIdleAfter(patience, workload);
    else
      context_.leaving.erase(workload);
  });
}

/// Whether there was anything of the workload.
bool Worker::endIdle(WorkloadId workload) {
  bool any = std::ranges::any_of(http2_, [&](const auto& connection) {
    return connection.second->origin().workload == workload;
  });
  const auto all = sessions_;
  for (const auto& [key, session] : all) {
    if (session->origin().workload != workload) continue;
    session->drain();
    any = true;
  }
  return any;
}

bool Worker::needsOrigin(WorkloadId workload, ServiceId service) const {
  if (!context_.config) return false;
  const auto route = context_.config->routeOf(service, context_.config->classOf(workload));
  return route && route->needs_origin;
}

void Worker::accepted(Fd socket, const Origin& origin, Lease place) {
  auto held =
      std::make_shared<AcceptedConnection>(context_.reactor, std::move(socket), std::move(place));
  open(std::shared_ptr<Channel>(held, &held->channel), Session::Carrier::kConnection, origin);
}

void Worker::open(std::shared_ptr<Channel> client, Session::Carrier carrier, const Origin& origin) {
  auto session = std::make_shared<Session>(context_, std::move(client), carrier, origin);
  // Before it starts: it may be over at once.
  sessions_.emplace(session.get(), session);
  if (session->start().ok()) return;
  // Only memory or the limit of watches can be missing: as if there were no descriptor.
  sessions_.erase(session.get());
  ++context_.stats.accept_failures;
}

void Worker::speaksHttp2(std::shared_ptr<Channel> client, std::string_view bytes,
                         const Origin& origin) {
  auto connection = std::make_shared<Http2Server>(
      context_, std::move(client), origin,
      [this](std::shared_ptr<Channel> stream, const Origin& caller) {
        open(std::move(stream), Session::Carrier::kStream, caller);
      },
      [this](Http2Server& gone) { closed(gone); });
  ++context_.stats.http2_connections;
  http2_.emplace(connection.get(), connection);
  if (!connection->start(bytes).ok()) return closed(*connection);
  if (context_.ends(origin.workload)) connection->drain();
}

void Worker::closed(Session& session) {
  sessions_.erase(&session);
  if (idle() && drained_) finishDraining();
}

void Worker::closed(Http2Server& connection) {
  http2_.erase(&connection);
  if (idle() && drained_) finishDraining();
}

void Worker::retire(Duration patience, Duration deadline, std::function<void()> done) {
  context_.draining = true;
  for (const auto& [key, connection] : http2_) connection->drain();
  if (listeners_.empty()) {
    drained_ = done;
    if (idle()) return finishDraining();
  }
  patience = std::min(patience, deadline);
  drain_timer_ = context_.reactor.after(
      patience, [this, rest = deadline - patience, done = std::move(done)] { drain(rest, done); });
}

void Worker::drain(Duration deadline, std::function<void()> done) {
  context_.draining = true;
  drained_ = std::move(done);
  for (const auto& listener : listeners_) listener->stop();
  const auto all = sessions_;
  for (const auto& [key, session] : all) session->drain();
  for (const auto& [key, connection] : http2_) connection->drain();
  if (!drained_) return;
  if (idle()) return finishDraining();
  drain_timer_ = context_.reactor.after(deadline, [this] {
    drain_timer_ = 0;
    abortAll();
  });
}

void Worker::finishDraining() {
  context_.reactor.cancel(drain_timer_);
  drain_timer_ = 0;
  context_.mirrors.abortAll();
  context_.pool.closeAll();
  context_.http2_pool->closeAll();
  // Later: whoever hears it may destroy the worker.
  context_.reactor.post(std::exchange(drained_, nullptr));
}

void Worker::abortAll() {
  const auto all = sessions_;
  for (const auto& [key, session] : all) session->abort();
  const auto connections = http2_;
  for (const auto& [key, connection] : connections) connection->abort();
}

WorkerStats Worker::stats() const {
  WorkerStats stats = context_.stats;
  const auto streams = std::ranges::count_if(sessions_, [](const auto& each) {
    return each.second->carrier() == Session::Carrier::kStream;
  });
  stats.open_connections = sessions_.size() + http2_.size() - static_cast<size_t>(streams);
  stats.idle_upstreams = context_.pool.size();
  stats.mirrors_in_flight = context_.mirrors.inFlight();
  stats.lent_buffers = context_.blocks.lent();
  return stats;
}

std::vector<ConnectionInfo> Worker::connections() const {
  std::vector<ConnectionInfo> result;
  result.reserve(sessions_.size() + http2_.size());
  for (const auto& [key, session] : sessions_)
    if (session->carrier() == Session::Carrier::kConnection) result.push_back(infoOf(*session));
  for (const auto& [key, connection] : http2_) {
    result.push_back({.workload = connection->origin().workload,
                      .service = connection->origin().service,
                      .client = connection->origin().client,
                      .endpoint = {},
                      .state = connection->streams() == 0 ? "idle" : "active",
                      .age = context_.reactor.now() - connection->since(),
                      .requests = connection->requests()});
  }
  return result;
}

ConnectionInfo Worker::infoOf(const Session& session) const {
  const auto* endpoint = session.endpoint();
  return {.workload = session.origin().workload,
          .service = session.origin().service,
          .client = session.origin().client,
          .endpoint = endpoint != nullptr ? endpoint->id : EndpointId{},
          .state = stateName(session.state()),
          .age = context_.reactor.now() - session.since(),
          .requests = session.requests()};
}

}  // namespace sluice::proxy
