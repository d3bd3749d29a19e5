// SPDX-License-Identifier: Apache-2.0
// The request on its way to the server, and what ends an exchange.
#include "userspace/proxy/session.h"

namespace sluice::proxy {

void Session::startRelay() {
  leave();
  if (exchange_.opaque) {
    state_ = State::kTunnel;
    return;
  }
  state_ = State::kRelaying;
  if (exchange_.rewrite_needed && !rewriteRequestHead()) reply(kHeadTooLarge);
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

bool Session::readRequestBody() {
  switch (request_.readFrom(client_)) {
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
    if (exchange_.requestRead()) armTimeout();
    return true;
  }
  // The server must not take what it has got for a whole request.
  upstream_->abort();
  if (exchange_.response_started) {
    ++context_.stats.refused_requests;
    abort();
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

// Envoy: the timeout starts when the request has been read completely.
void Session::armTimeout() {
  const auto& timeout = exchange_.rule->rule->timeout;
  if (!timeout || *timeout <= Duration::zero() || exchange_.timeout_timer != 0) return;
  exchange_.timeout_timer = context_.reactor.after(*timeout, [this] { timedOut(); });
}

void Session::timedOut() {
  exchange_.timeout_timer = 0;
  ++context_.stats.timeouts;
  if (!exchange_.response_started && response_.idle()) {
    reply(kTimeout);
    return advance();
  }
  exchange_.flags.add(ResponseFlags::kUpstreamTimeout);
  responseCut();
}

/// The connection was an old one that the server has closed meanwhile (RFC 9110 §9.2.2, RFC 9112
/// §9.3.1): the request goes out again, unless it may have had an effect.
bool Session::retryOnFreshConnection() {
  const bool unsent = request_.written() == 0 && request_.canRewind();
  if (!upstream_->reused() || exchange_.fresh_connection_only) return false;
  if (!request_.canRewind() || !(exchange_.idempotent || unsent)) return false;
  ++context_.stats.retried_stale;
  exchange_.fresh_connection_only = true;
  exchange_.upstream_used_up = false;
  dropUpstream();
  request_.rewind();
  response_.reset();
  head_seen_ = 0;
  chooseEndpoint();
  return true;
}

/// The server has closed before the end of its response's head.
void Session::upstreamLost() {
  const bool silent = response_.unseen().empty() && response_.idle();
  if (silent && retryOnFreshConnection()) return;
  // An interim response may be on its way to the client in part; then nothing can follow it.
  if (!response_.idle()) return responseCut();
  reply(kTermination);
}

bool Session::responseDelivered() const { return exchange_.response_ended && response_.idle(); }

/// Whether the exchange is over. A response may be complete before its request is: the rest of
/// the request still goes to the server, as it would without a proxy, unless nobody reads it.
bool Session::finishIfComplete() {
  if (!responseDelivered()) return false;
  Channel& server = upstream_->channel();
  const bool sent = exchange_.requestRead() && request_.idle();
  if (!sent) {
    const bool still_read =
        exchange_.upstream_reusable && !exchange_.upstream_used_up && !server.readable();
    if (still_read) return false;
    exchange_.close = true;
    exchange_.upstream_reusable = false;
  }
  const bool reusable = exchange_.upstream_reusable && !exchange_.upstream_used_up &&
                        response_.unseen().empty() && (!server.readable() || server.isQuiet());
  if (reusable) context_.pool.give(std::move(upstream_));
  dropUpstream();
  finishExchange();
  return true;
}

}  // namespace sluice::proxy
