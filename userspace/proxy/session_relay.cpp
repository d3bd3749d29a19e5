// SPDX-License-Identifier: Apache-2.0
// The request on its way to the server, and what ends an exchange.
#include "userspace/proxy/session.h"

namespace sluice::proxy {

void Session::startRelay() {
  leave();
  pending_lease_.release();
  exchange_.transport_failure.clear();  // of an earlier try
  if (context_.observers.log != nullptr)
    exchange_.upstream_local = upstream_->channel().localAddress();
  if (exchange_.opaque) {
    state_ = State::kTunnel;
    return startTunnelClocks();
  }
  upstream_->countRequest();
  state_ = State::kRelaying;
  if (!headForTry()) return refuse(kHeadTooLarge);
  if (exchange_.requestRead()) requestComplete();
}

/// False when it found no room.
bool Session::headForTry() {
  if (exchange_.rewrite_needed) return rewriteRequestHead();
  return exchange_.retries == 0 || !writesTryFields() || renewTryFields();
}

/// All of the request is here, with the head that the server gets, and there is a connection.
void Session::requestComplete() {
  armTryTimeout();
  if (!exchange_.mirrored) mirror();
  exchange_.mirrored = true;
}

void Session::mirror() {
  std::shared_ptr<const std::string> bytes;
  for (const auto& [cluster, share] : exchange_.rule->mirrors) {
    if (!cluster.cluster || exchange_.wants_upgrade || !context_.balancer.dice(share)) continue;
    if (!request_.canRewind()) {
      ++context_.stats.mirrors_unbuffered;
      continue;
    }
    if (!bytes)
      bytes = std::make_shared<std::string>(request_.buffer().data().substr(0, request_.cleared()));
    context_.mirrors.send(cluster, {.bytes = bytes,
                                    .is_head = exchange_.is_head,
                                    .workload = origin_.workload,
                                    .transport = {cluster.tls, hostFor(cluster)},
                                    .http2 = carrier_ == Carrier::kStream,
                                    .route = route_->id,
                                    .timeout = requestTimeout()});
  }
}

bool Session::relay() {
  const bool sent = pumpRequest();
  if (state_ != State::kRelaying) return true;
  const bool received = pumpResponse();
  if (state_ != State::kRelaying) return true;
  return finishIfComplete() || sent || received;
}

bool Session::pumpRequest() {
  if (exchange_.upstream_used_up) return false;
  const Channel::Io io = request_.writeTo(upstream_->channel(), exchange_.request_bytes);
  if (io == Channel::Io::kFailed) {
    // The server may have answered before it closed: its side decides what follows.
    exchange_.upstream_used_up = true;
    upstream_->channel().expectEnd();
    return true;
  }
  const bool read = !exchange_.requestRead() && readRequestBody();
  return read || io == Channel::Io::kProgress;
}

/// What of a body need not be looked at may pass without being seen.
Channel::Io Session::readBody(Flow& flow, Channel& from, Channel& to, http1::Body& body) {
  uint64_t passed = 0;
  const auto io = flow.passFrom(from, to, body.opaque(), passed);
  body.skip(passed);
  context_.stats.spliced_bytes += passed;
  return io;
}

bool Session::readRequestBody() {
  switch (readBody(request_, *client_, upstream_->channel(), exchange_.request_body)) {
    case Channel::Io::kBlocked:
      return false;
    case Channel::Io::kEnd:
    case Channel::Io::kFailed:
      clientGone();
      return true;
    case Channel::Io::kProgress:
      break;
  }
  if (clearRequestBody()) {
    if (exchange_.requestRead()) {
      armTimeout();
      requestComplete();
    }
    return true;
  }
  // The server must not take what it has got for a whole request.
  upstream_->abort();
  if (exchange_.response_started) {
    ++context_.stats.refused_requests;
    exchange_.flags.add(ResponseFlags::kDownstreamProtocol);
    responseCut(details::kMalformed);
  } else {
    refuse(exchange_.request_body.refusal());
  }
  return true;
}

/// False when the body is malformed.
bool Session::clearRequestBody() {
  request_.clear(exchange_.request_body.take(request_.unseen()));
  return exchange_.request_body.refusal() == http1::Refusal::kNone;
}

/// The server has closed before the end of its response's head.
void Session::upstreamLost() {
  if (const auto* failure = noteTransport(); failure != nullptr && failure->unused) {
    judge(balance::Outcome::kLocalFailure);
    return connectFailed();
  }
  const bool silent = response_.unseen().empty() && response_.idle();
  if (silent && retryOnFreshConnection()) return;
  judge(balance::Outcome::kLocalFailure);
  const bool refused = upstream_->channel().ending() == Channel::Ending::kRefused;
  tryFailed(refused ? TryFailure::kRefused : TryFailure::kReset, serverEnded());
}

/// The server's side has ended too early: counted, and what that is called.
const LocalReply& Session::serverEnded() {
  const auto ending = upstream_->channel().ending();
  const bool malformed = ending == Channel::Ending::kMalformed;
  ++(malformed ? context_.stats.bad_responses : context_.stats.upstream_resets);
  return replyTo(ending);
}

/// There is neither a byte nor an end to read from the server.
bool Session::serverIsQuiet() const {
  Channel& server = upstream_->channel();
  return !server.readable() || server.isQuiet();
}

bool Session::responseDelivered() const { return exchange_.response_ended && response_.idle(); }

/// Whether the exchange is over. A response may be complete before its request is: the rest of
/// the request still goes to the server, as it would without a proxy, unless nobody reads it.
bool Session::finishIfComplete() {
  if (!responseDelivered()) return false;
  const bool sent = exchange_.requestRead() && request_.idle();
  if (!sent) {
    const bool still_read =
        exchange_.upstream_reusable && !exchange_.upstream_used_up && serverIsQuiet();
    if (still_read) return false;
    exchange_.close = true;
    exchange_.upstream_reusable = false;
  }
  giveUpstreamBack();
  dropUpstream();
  finishExchange();
  return true;
}

/// The response has been taken whole. A connection on which anything else is to be expected is not
/// kept.
void Session::giveUpstreamBack() {
  const bool reusable = exchange_.upstream_reusable && !exchange_.upstream_used_up &&
                        response_.unseen().empty() && serverIsQuiet();
  if (reusable) context_.giveBack(std::move(upstream_));
}

}  // namespace sluice::proxy
