// SPDX-License-Identifier: Apache-2.0
// From the first byte of a request to a connection that can take it.
#include "userspace/proxy/session.h"
#include "userspace/proxy/sniff.h"
#include "userspace/routing/locate.h"
#include "userspace/routing/protocol.h"

namespace sluice::proxy {

namespace {

/// How long one request may find its destination gone, change after change: where rules or
/// endpoints never rest, one that would never be let through is not to wait for ever.
constexpr Duration kLongestSearch = std::chrono::seconds(10);

/// Whether the head cannot be passed on as it came, whatever the rules say.
bool needsRewriting(const http1::RequestHead& head) {
  return head.minor_version == 0 || head.fields.hop_by_hop ||
         head.form == http1::TargetForm::kAbsolute;
}

}  // namespace

bool Session::readHead() {
  if (request_.buffer().size() > head_seen_ && parseHead()) return true;
  switch (request_.readFrom(*client_)) {
    case Channel::Io::kProgress:
      return true;
    case Channel::Io::kBlocked:
      request_.buffer().releaseIfEmpty();
      return false;
    case Channel::Io::kEnd:
    case Channel::Io::kFailed:
      close();
      return false;
  }
  return false;
}

/// Whether the session has left kHead.
bool Session::parseHead() {
  Buffer& buffer = request_.buffer();
  const http1::Parsed parsed =
      http1::parseRequest(buffer.data(), head_seen_, context_.request_head);
  if (parsed.refused()) {
    if (handOver()) return true;
    exchange_.started = context_.reactor.now();
    assumeCalled();
    if (!passRawBytesOn()) refuse(parsed.refusal);
    return true;
  }
  if (parsed.complete()) {
    beginExchange(parsed);
    return true;
  }
  buffer.consume(parsed.skipped);
  if (head_seen_ == 0 && !buffer.empty()) context_.reading_head.join(*this);
  head_seen_ = buffer.size();
  return false;
}

/// Whether the client speaks HTTP/2 (RFC 9113 §3.3): the connection goes on without this session.
bool Session::handOver() {
  const bool first = carrier_ == Carrier::kConnection && requests_ == 0;
  if (!first || sniff(request_.buffer().data()) != Spoken::kHttp2) return false;
  client_->unwatch();
  context_.speaks_http2(std::move(client_), request_.buffer().data(), origin_);
  close();
  return true;
}

void Session::beginExchange(const http1::Parsed& parsed) {
  leave();
  head_seen_ = 0;  // from now on of the response's head
  ++requests_;
  ++context_.stats.requests;
  request_.buffer().consume(parsed.skipped);
  request_.retain();
  const http1::RequestHead& head = context_.request_head;
  remember(head);
  exchange_.head_size = parsed.consumed - parsed.skipped;
  request_.clear(exchange_.head_size);
  assumeCalled();
  if (exchange_.http10 && context_.config && context_.config->refuses_http10)
    return refuse(kUpgradeRequired);
  // What of the body is here is looked at first: a server must not see a request that is refused.
  if (!clearRequestBody()) return refuse(exchange_.request_body.refusal());
  route();
}

void Session::remember(const http1::RequestHead& head) {
  exchange_.started = context_.reactor.now();
  exchange_.request_body =
      http1::Body(head.bodyKind(), head.fields.content_length,
                  context_.config ? context_.config->largest_request_body : UINT64_MAX);
  exchange_.is_head = head.method == "HEAD";
  exchange_.idempotent = http1::isIdempotent(head.method);
  exchange_.http10 = head.minor_version == 0;
  exchange_.wants_upgrade = head.fields.upgrade;
  exchange_.rewrite_needed = needsRewriting(head);
  // RFC 9112 §9.3: a proxy keeps no connection with a client of HTTP/1.0.
  exchange_.close = head.fields.close || exchange_.http10;
  if (context_.observers.log == nullptr) return;
  auto& logged = exchange_.logged;
  logged.method = head.method;
  logged.target = head.target;
  logged.authority = head.authority;
  logged.forwarded_for = head.fields.headers.value("x-forwarded-for");
  logged.user_agent = head.fields.headers.value("user-agent");
  logged.request_id = head.fields.headers.value("x-request-id");
}

/// The head of the current request, parsed again when something else has used the scratch.
const http1::RequestHead& Session::requestHead() {
  const std::string_view bytes = request_.buffer().data().substr(0, exchange_.head_size);
  http1::parseRequest(bytes, 0, context_.request_head);
  return context_.request_head;
}

/// What is refused before it is routed is the service's that was called. Looked up anew for each
/// request, so that a change of the rules acts on the next one.
void Session::assumeCalled() {
  refreshCalled();
  route_ = called_;
}

void Session::route() {
  if (hosts_ != nullptr && !routeByHost()) return;
  if (!route_) return reply(kNoRoute);
  decide();
}

void Session::refreshCalled() {
  if (route_generation_ == context_.config_generation) return;
  route_generation_ = context_.config_generation;
  findCalled();
}

void Session::findCalled() {
  entry_.reset();
  called_.reset();
  hosts_ = nullptr;
  if (!context_.config) return;
  const auto& config = *context_.config;
  client_class_ = config.classOf(origin_.workload);
  entry_ = called_ = config.routeOf(origin_.service, client_class_);
  if (!entry_) return;
  const auto hosts = config.hosts.find({client_class_, entry_->route->service.port});
  // Istio: a detected port has a listener for each address, and Host does not matter there.
  if (hosts != config.hosts.end() && isHttp(entry_->route->protocol)) hosts_ = &hosts->second;
  // Who has made a request speaks no TLS.
  static const std::string kNoName;
  narrowCalled(requests_ > 0 && !exchange_.opaque ? &kNoName : nullptr);
}

bool Session::knowsOrigin() const { return origin_.called && entry_ && entry_->needs_origin; }

/// Of the services that share a port without listing addresses, the first that takes the one
/// called. `server_name`: of TLS, empty where there is none; null as long as it is not known.
void Session::narrowCalled(const std::string* server_name) {
  by_server_name_ = false;
  if (!entry_ || !entry_->route->whole_port || hosts_ != nullptr || !knowsOrigin()) return;
  called_ = entry_;
  const auto& all = context_.config->ranges;
  const auto ranges = all.find({client_class_, entry_->route->service.port});
  if (ranges == all.end()) return;
  for (const auto& [range, route] : ranges->second) {
    if (!range->subnet.contains(origin_.called->ip)) continue;
    by_server_name_ = !range->sni_hosts.empty() && server_name == nullptr;
    if (by_server_name_) return;
    if (!range->sni_hosts.empty() && !routing::coversServerName(range->sni_hosts, *server_name))
      continue;
    if (route) called_ = route;
    return;
  }
}

/// Istio: on a declared HTTP port the Host picks the service, whatever address was called; under a
/// name that nobody knows a request goes on to that address, past the rules; likewise where nobody
/// steers the service (steer: ruled). A request that names none means the service called, if there
/// is one. Whether it goes on.
bool Session::routeByHost() {
  const auto host = context_.request_head.authority;
  if (host.empty() && !called_->route->whole_port) return true;
  const auto* service = hosts_->names->find(host);
  if (service != nullptr && (*service)->path != routing::Path::kPassthrough) {
    if (auto route = routeOf(*service)) route_ = std::move(route);
    return true;
  }
  exchange_.past_rules = true;
  const bool refused = service == nullptr && hosts_->registry_only;
  if (refused) reply(kUnknownHost);
  return !refused;
}

std::shared_ptr<const ProxyRoute> Session::routeOf(
    const std::shared_ptr<const routing::ServiceRoute>& service) const {
  if (service == called_->route) return called_;
  const auto& routes = context_.config->by_host;
  const auto own = routing::familyOf(origin_.client.ip);
  const auto other = own == routing::Family::kV4 ? routing::Family::kV6 : routing::Family::kV4;
  for (const auto family : {own, other})
    if (const auto* found = routes.get(ProxyConfig::HostKey{service.get(), family})) return *found;
  return nullptr;
}

/// Where a cluster keeps the address that was called; null where it does not, or is not told.
const ProxyEndpoint* Session::originOf(const ProxyCluster& cluster) {
  if (!cluster.cluster->passthrough || !knowsOrigin()) return nullptr;
  exchange_.origin.address = *origin_.called;
  return &exchange_.origin;
}

const ProxyEndpoint* Session::pickEndpoint() {
  const auto& cluster = *exchange_.cluster;
  if (const auto tried = prioritiesToAvoid(); !tried.empty())
    if (const auto* elsewhere = context_.balancer.pickOfOtherPriority(cluster, tried))
      return elsewhere;
  return context_.balancer.pick(cluster, toAvoid(), {origin_.workload, exchange_.hash});
}

void Session::chooseEndpoint() {
  exchange_.endpoint = originOf(*exchange_.cluster);
  if (exchange_.endpoint == nullptr) exchange_.endpoint = pickEndpoint();
  if (exchange_.endpoint == nullptr) return reply(kNoHealthyUpstream);
  active_ = exchange_.endpoint->id;
  if (active_) context_.balancer.started(active_);
  wantsStream() ? chooseStream() : reach();
}

/// A connection of HTTP/1.1 to the endpoint.
void Session::reach() {
  if (exchange_.fresh_connection_only) return connect();
  const auto key = upstreamKey();
  while (auto upstream = context_.pool.take(key, *this)) {
    // A request that must not be sent twice is not risked on a connection whose end is waiting
    // to be read; the others are sent again when that happens.
    const bool usable = upstream->mayTakeAnother(context_.reactor.now()) &&
                        (exchange_.idempotent || upstream->channel().isQuiet());
    if (usable) return attach(std::move(upstream));
    upstream->close();
  }
  connect();
}

void Session::attach(std::shared_ptr<Upstream> upstream) {
  ++context_.stats.upstream_reused;
  upstream_ = std::move(upstream);
  upstream_->setUser(*this);
  startRelay();
}

void Session::connect() {
  if (!takePlace()) return;
  awaitConnection();
  UpstreamTarget target{.workload = origin_.workload,
                        .route = route_->id,
                        .cluster = exchange_.endpoint->cluster,
                        .endpoint = exchange_.endpoint->id};
  if (exchange_.endpoint == &exchange_.origin) {
    target.route = entry_->id;
    target.origin = exchange_.origin.address;
  }
  context_.sockets.connect(target,
                           [weak = weak_from_this(), attempt = ++attempt_](Result<Fd> socket) {
                             // Without taker, the socket closes itself.
                             if (const auto self = weak.lock())
                               self->opened(attempt, std::move(socket));
                           });
}

void Session::opened(uint64_t attempt, Result<Fd> socket) {
  if (attempt != attempt_ || state_ != State::kConnecting) return;
  if (!socket.ok()) {
    if (socket.error().code() == Error::Code::kPermission) {
      park();
    } else {
      judge(balance::Outcome::kLocalFailure);
      connectFailed();
    }
    return advance();
  }
  const int fd = socket->get();
  if (context_.isKeptFrom(origin_.workload, fd)) {
    ++context_.stats.refused_connections;
    reply(kOverflow);
    return advance();
  }
  auto channel = exchange_.transport.channel(context_.reactor, *std::move(socket),
                                             exchange_.endpoint->address, wantsStream());
  auto upstream = Upstream::watch(std::move(channel), upstreamKey(), *this);
  if (upstream.ok()) {
    upstream_ = *std::move(upstream);
    applyPool(*upstream_, fd);
  } else {
    connectFailed();
    advance();
  }
}

void Session::connecting() {
  if (upstream_->channel().broken()) {
    judge(balance::Outcome::kLocalFailure);
    return connectFailed();
  }
  if (!upstream_->channel().writable()) return;
  ++context_.stats.upstream_connections;
  if (exchange_.transport.tls) ++context_.stats.tls_connections;
  context_.counters.upstreamConnection(route_->binding, exchange_.endpoint->cluster,
                                       exchange_.endpoint->id);
  if (exchange_.opaque) judge(balance::Outcome::kSuccess);
  lead_ ? streamsMade() : startRelay();
}

// The broker refuses what the kernel's tables no longer name: there is a newer configuration,
// and if it is not here yet it is on its way.
void Session::park() {
  dropUpstream();
  if (route_generation_ != context_.config_generation) return routeAgain();
  state_ = State::kParked;
  exchange_.parked_generation = context_.config_generation;
  context_.awaiting_config.join(*this);
}

/// From the start, by the head that the client has sent: an earlier try may have rewritten it.
void Session::routeAgain() {
  leave();
  ++context_.stats.reroutes;
  const TimePoint now = context_.reactor.now();
  if (!exchange_.rerouted) exchange_.rerouted = now;
  if (now - *exchange_.rerouted > kLongestSearch) return reply(kConnectFailure);
  exchange_.rule = nullptr;
  exchange_.cluster = nullptr;
  exchange_.endpoint = nullptr;
  exchange_.tried.clear();
  if (exchange_.opaque) return passOnAgain();
  if (!restoreRequestHead()) return reply(kConnectFailure);
  exchange_.past_rules = false;
  exchange_.has_destination = false;
  exchange_.rewrite_needed = needsRewriting(requestHead());
  assumeCalled();
  route();
}

}  // namespace sluice::proxy
