// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/session.h"

#include <utility>

#include "userspace/model/grpc_status.h"

namespace sluice::proxy {

namespace {

/// Steps of one session before the others get their turn; a step moves at most a buffer.
constexpr int kStepsPerTurn = 32;

}  // namespace

void Exchange::reset() {
  Exchange fresh;
  logged.clear();
  emptyText(client_head);
  emptyText(head_copy);
  tried.clear();
  std::swap(fresh.logged, logged);
  std::swap(fresh.client_head, client_head);
  std::swap(fresh.head_copy, head_copy);
  std::swap(fresh.tried, tried);
  *this = std::move(fresh);
}

Session::Session(Context& context, std::shared_ptr<Channel> client, Carrier carrier,
                 const Origin& origin)
    : context_(context),
      client_(std::move(client)),
      carrier_(carrier),
      origin_(origin),
      since_(context.reactor.now()),
      request_(context.blocks, kHeadroom, context.pipes),
      response_(context.blocks, kHeadroom, context.pipes) {}

Result<void> Session::start() {
  SLUICE_TRY(client_->watch(shared_from_this()));
  begin();
  return {};
}

void Session::channelReady() {
  if (state_ == State::kClosed) return;
  // A tunnel reads first what came before the end; all others have nobody left to answer.
  const bool gone = client_->broken() && state_ != State::kTunnel && state_ != State::kLingering;
  if (gone) return clientGone();
  advance();
}

void Session::upstreamReady(Upstream&) {
  if (state_ == State::kConnecting) connecting();
  advance();
}

void Session::expired() {
  switch (state_) {
    case State::kConnecting:
      judge(balance::Outcome::kLocalFailure);
      connectFailed();
      return advance();
    case State::kParked:
      // Either a newer configuration has come, or it is not going to.
      if (context_.config_generation != exchange_.parked_generation) {
        routeAgain();
      } else {
        connectFailed();
      }
      return advance();
    case State::kDetecting:
      detected(true);
      return advance();
    case State::kHead:
      if (request_.buffer().empty()) {
        ++context_.stats.idle_timeouts;
        return close();
      }
      headTimedOut();
      return advance();
    case State::kTunnel:
      return tunnelIdle();
    default:
      return close();
  }
}

void Session::advance() {
  for (int i = 0; i < kStepsPerTurn; ++i) {
    if (!step()) return;
  }
  // Posted, not called: the others' events come first.
  context_.reactor.post([self = shared_from_this()] { self->advance(); });
}

bool Session::step() {
  switch (state_) {
    case State::kHead:
      return readHead();
    case State::kDetecting:
      return detect();
    case State::kRelaying:
      return relay();
    case State::kReplying:
      return flushReply();
    case State::kTunnel:
      return tunnel();
    case State::kLingering:
      return linger();
    case State::kDelayed:
    case State::kParked:
    case State::kQueued:
    case State::kConnecting:
    case State::kBackingOff:
    case State::kClosed:
      return false;
  }
  return false;
}

void Session::drain() {
  if (state_ == State::kDetecting) return close();
  if (state_ == State::kHead && request_.buffer().empty()) return closeGently();
  exchange_.close = true;
}

void Session::abort() {
  if (state_ == State::kClosed) return;
  if (upstream_) upstream_->abort();
  client_->reset();
  close();
}

void Session::clientGone() {
  if (state_ != State::kHead && state_ != State::kDetecting) {
    noteClientGone();
    count(exchange_.status);
    report();
  }
  close();
}

void Session::noteClientGone() {
  ++context_.stats.client_aborts;
  exchange_.flags.add(ResponseFlags::kDownstreamTermination);
  exchange_.details = details::kClientGone;
}

// Releases everything that belongs to the worker: what is left of the session may outlive it
// until the reactor's round is over.
void Session::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  leave();
  stopTimers();
  dropUpstream();
  exchange_.releaseShares();
  request_lease_.release();
  request_.reset();
  response_.reset();
  if (client_) client_->close();
  context_.closed(*this);
}

// Closing with unread bytes makes the kernel send a reset, which destroys what the client has
// not read yet (RFC 9112 §9.6).
void Session::closeGently() {
  stopTimers();
  dropUpstream();
  const bool all_read = request_.buffer().empty() && !client_->readable() &&
                        state_ != State::kLingering && exchange_.requestRead();
  if (all_read) return close();
  client_->shutdownWrite();
  request_.reset();
  state_ = State::kLingering;
  context_.lingering.join(*this);
}

bool Session::linger() {
  const Channel::Io io = request_.readFrom(*client_);
  request_.reset();
  if (io == Channel::Io::kEnd || io == Channel::Io::kFailed) close();
  return io == Channel::Io::kProgress;
}

void Session::dropUpstream() {
  ++attempt_;
  lead_.release();
  leavePool();
  if (active_) context_.balancer.finished(active_);
  active_ = {};
  if (upstream_) upstream_->close();
  upstream_.reset();
}

void Session::stopTimers() {
  for (auto* timer : {&exchange_.delay_timer, &exchange_.back_off_timer, &exchange_.try_timer,
                      &exchange_.timeout_timer})
    context_.reactor.cancel(std::exchange(*timer, 0));
}

// Nothing of the response has been sent.
void Session::reply(const LocalReply& reply) {
  if (exchange_.opaque) return refuseConnection(reply.flag);
  leave();
  stopTimers();
  dropUpstream();
  ++context_.stats.local_replies;
  exchange_.flags.add(reply.flag);
  // The rest of a body that is still to come would have to be read only to be thrown away.
  exchange_.close |=
      !exchange_.requestRead() || exchange_.http10 || context_.ends(origin_.workload);
  count(statusOf(reply, exchange_.grpc));
  if (exchange_.grpc) exchange_.grpc_status = grpcStatusOf(reply);
  exchange_.details = reply.details;
  writeReply(reply);
  response_.reset();
  response_.buffer().append(context_.text);
  response_.clear(context_.text.size());
  state_ = State::kReplying;
}

/// A request has begun, with its first byte, and is not going to be routed.
void Session::headTimedOut() {
  exchange_.started = context_.reactor.now() - context_.options.head_timeout;
  assumeCalled();
  refuse(kHeadTimeout);
}

void Session::refuse(http1::Refusal why) {
  const LocalReply answer = refusal(http1::refusalStatus(why));
  if (why != http1::Refusal::kNotHttp1) return refuse(answer);
  ++context_.stats.not_http1;
  exchange_.close = true;
  reply(answer);
}

void Session::refuse(const LocalReply& answer) {
  ++context_.stats.refused_requests;
  exchange_.close = true;
  reply(answer);
}

bool Session::flushReply() {
  const Channel::Io io = response_.writeTo(*client_, exchange_.response_bytes);
  if (io == Channel::Io::kFailed) {
    clientGone();
    return false;
  }
  if (!response_.idle()) return io == Channel::Io::kProgress;
  finishExchange();
  return true;
}

void Session::finishExchange() {
  report();
  request_lease_.release();
  stopTimers();
  exchange_.releaseShares();
  const bool close = exchange_.close;  // which the client has been told, or drain() came since
  response_.finishMessage();
  response_.buffer().releaseIfEmpty();
  if (close) return closeGently();
  request_.finishMessage();
  exchange_.reset();
  becomeIdle();
}

void Session::becomeIdle() {
  state_ = State::kHead;
  head_seen_ = 0;
  context_.idle.join(*this);
}

void Session::count(int status) {
  if (exchange_.counted || exchange_.opaque) return;
  exchange_.counted = true;
  exchange_.status = status;
  if (!route_) return;
  const auto* endpoint = exchange_.endpoint;
  context_.counters.request(route_->binding, endpoint != nullptr ? endpoint->cluster : ClusterId{},
                            endpoint != nullptr ? endpoint->id : EndpointId{}, status);
}

std::string_view Session::protocolText() const {
  if (carrier_ == Carrier::kStream) return "HTTP/2";
  return exchange_.http10 ? "HTTP/1.0" : "HTTP/1.1";
}

/// Envoy: what the trailers say, else the head, else what the HTTP status means for gRPC. -1: the
/// request is none of gRPC, or has no answer.
int Session::callStatus() const {
  if (!exchange_.grpc || exchange_.status == 0) return -1;
  const auto trailer = exchange_.response_body.grpcStatus();
  if (!trailer.empty()) return readGrpcStatus(trailer);
  return exchange_.grpc_status >= 0 ? exchange_.grpc_status : grpcStatusOf(exchange_.status);
}

RequestRecord Session::record() const {
  return {.workload = origin_.workload,
          .service = origin_.service,
          .opaque = exchange_.opaque,
          .client = origin_.client,
          .called = origin_.called ? &*origin_.called : nullptr,
          .protocol = exchange_.logged.method.empty() ? std::string_view() : protocolText(),
          .method = exchange_.logged.method,
          .target = exchange_.logged.target,
          .authority = exchange_.logged.authority,
          .forwarded_for = exchange_.logged.forwarded_for,
          .user_agent = exchange_.logged.user_agent,
          .request_id = exchange_.logged.request_id,
          .server_name = exchange_.logged.server_name,
          .status = exchange_.status,
          .grpc = exchange_.grpc,
          .grpc_status = callStatus(),
          .flags = exchange_.flags,
          .details = exchange_.details,
          .transport_failure = exchange_.transport_failure,
          .request_bytes = exchange_.request_bytes,
          .response_bytes = exchange_.response_bytes,
          .duration = context_.reactor.now() - exchange_.started,
          .service_time = exchange_.service_time,
          .upstream_local = exchange_.upstream_local ? &*exchange_.upstream_local : nullptr,
          .route = route_.get(),
          .rule = exchange_.rule,
          .cluster = exchange_.cluster,
          .endpoint = exchange_.endpoint,
          .generation = context_.config_generation};
}

void Session::report() {
  if (!context_.observers.none()) context_.observers.tell(record());
}

}  // namespace sluice::proxy
