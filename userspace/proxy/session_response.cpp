// SPDX-License-Identifier: Apache-2.0
// The response on its way to the client.
#include <algorithm>

#include "userspace/proxy/http1/forward.h"
#include "userspace/proxy/retry_policy.h"
#include "userspace/proxy/session.h"

namespace sluice::proxy {

bool Session::pumpResponse() {
  return exchange_.response_started ? relayResponseBody() : readResponseHead();
}

bool Session::readResponseHead() {
  const Channel::Io sent = response_.writeTo(*client_, exchange_.response_bytes);
  if (sent == Channel::Io::kFailed) {
    clientGone();
    return true;
  }
  if (response_.unseen().size() > head_seen_) {
    const auto parsed =
        http1::parseResponse(response_.unseen(), head_seen_, context_.response_head);
    head_seen_ = parsed.complete() ? 0 : response_.unseen().size();
    if (parsed.refused()) {
      ++context_.stats.bad_responses;
      judge(balance::Outcome::kLocalFailure);
      tryFailed(TryFailure::kReset, kProtocolError);
      return true;
    }
    if (parsed.complete()) {
      context_.response_head.isInformational() ? informational(parsed) : finalHead(parsed);
      return true;
    }
  }
  switch (response_.readFrom(upstream_->channel())) {
    case Channel::Io::kProgress:
      return true;
    case Channel::Io::kBlocked:
      return sent == Channel::Io::kProgress;
    case Channel::Io::kEnd:
    case Channel::Io::kFailed:
      upstreamLost();
      return true;
  }
  return false;
}

void Session::informational(const http1::Parsed& parsed) {
  exchange_.interim = true;
  exchange_.interim_size += std::max(parsed.consumed, http1::kLeastInterimBytes);
  if (exchange_.interim_size > http1::kMaxInterimBytes) return badInterim();
  if (context_.response_head.status == 101) return switchProtocols(parsed);
  // RFC 9110 §15.2: never to a client of HTTP/1.0.
  if (exchange_.http10) return response_.dropUnseen(parsed.consumed);
  if (!passHeadOn(parsed, false)) headTooLarge();
}

/// One that nobody has asked for, or one too many.
void Session::badInterim() {
  ++context_.stats.bad_responses;
  judge(balance::Outcome::kLocalFailure);
  exchange_.flags.add(ResponseFlags::kUpstreamProtocol);
  response_.idle() ? reply(kProtocolError) : responseCut(details::kCutByProtocol);
}

void Session::switchProtocols(const http1::Parsed& parsed) {
  if (!exchange_.wants_upgrade || !context_.response_head.fields.upgrade) return badInterim();
  ++context_.stats.tunnels;
  stopTimers();
  judgeAnswer();
  count(101);
  responseBegins();
  if (!passHeadOn(parsed, false)) return headTooLarge();
  state_ = State::kTunnel;
}

void Session::finalHead(const http1::Parsed& parsed) {
  judgeAnswer();
  if (retryInsteadOf(parsed)) return;
  request_.forget();
  const http1::ResponseHead& head = context_.response_head;
  const http1::BodyKind kind = head.bodyKind(exchange_.is_head);
  exchange_.response_started = true;
  exchange_.response_body = http1::Body(kind, head.fields.content_length);
  exchange_.unchunk = exchange_.http10 && kind == http1::BodyKind::kChunked;
  exchange_.upstream_reusable = head.keepsAlive() && kind != http1::BodyKind::kUntilClose;
  exchange_.close |= context_.ends(origin_.workload) || kind == http1::BodyKind::kUntilClose;
  count(head.status);
  responseBegins();
  if (exchange_.grpc) exchange_.grpc_status = grpcStatus(head).value_or(-1);
  if (!passHeadOn(parsed, exchange_.close)) return headTooLarge();
  clearResponseBody();
}

void Session::responseBegins() {
  exchange_.details = details::kViaUpstream;
  // Envoy: a response to a part of the request has no such time.
  if (exchange_.read != TimePoint())
    exchange_.service_time = context_.reactor.now() - exchange_.read;
}

/// False when there was no room for it.
bool Session::passHeadOn(const http1::Parsed& parsed, bool close) {
  const std::string_view bytes = response_.unseen().substr(0, parsed.consumed);
  const http1::ResponseChange change{.close = close, .unchunk = exchange_.http10};
  const int status = context_.response_head.status;
  const bool final = status >= 200 || status == 101;
  const auto* edits = responseEdits();
  const bool changed = (edits != nullptr && !edits->empty()) || !exchange_.cors.empty() ||
                       !exchange_.set_cookie.empty() || addsServiceTime(status);
  if (final && changed) {
    writeResponseHead(edits, close);
  } else if (!http1::rewriteResponse(context_.response_head, bytes, change, context_.text)) {
    response_.clear(parsed.consumed);
    return true;
  }
  if (!response_.replaceUnseen(parsed.consumed, context_.text)) return false;
  response_.clear(context_.text.size());
  return true;
}

/// A rule adds more to a head than fits beside the body that is here already.
void Session::headTooLarge() {
  ++context_.stats.bad_responses;
  exchange_.flags.add(ResponseFlags::kUpstreamProtocol);
  responseCut(details::kCutByProtocol);
}

void Session::clearResponseBody() {
  http1::Body& body = exchange_.response_body;
  if (!exchange_.unchunk) {
    response_.clear(body.take(response_.unseen()));
  } else {
    // HTTP/1.0 has no chunks: only the data stays, and the connection's end ends it.
    while (!response_.unseen().empty()) {
      const auto run = body.chunks().next(response_.unseen());
      if (run.framing + run.data == 0) break;
      response_.dropUnseen(run.framing);
      response_.clear(run.data);
    }
  }
  exchange_.response_ended |= body.done();
}

bool Session::relayResponseBody() {
  const Channel::Io sent = response_.writeTo(*client_, exchange_.response_bytes);
  if (sent == Channel::Io::kFailed) {
    clientGone();
    return true;
  }
  const bool progress = sent == Channel::Io::kProgress;
  if (exchange_.response_body.refusal() != http1::Refusal::kNone) {
    ++context_.stats.bad_responses;
    exchange_.flags.add(ResponseFlags::kUpstreamProtocol);
    responseCut(details::kCutByProtocol);
    return true;
  }
  if (exchange_.response_ended) return progress;
  switch (readBody(response_, upstream_->channel(), *client_, exchange_.response_body)) {
    case Channel::Io::kProgress:
      clearResponseBody();
      return true;
    case Channel::Io::kBlocked:
      return progress;
    case Channel::Io::kEnd:
      if (exchange_.response_body.kind() == http1::BodyKind::kUntilClose) {
        exchange_.response_ended = true;
        return true;
      }
      break;
    case Channel::Io::kFailed:
      break;
  }
  noteTransport();
  exchange_.flags.add(serverEnded().flag);
  judge(balance::Outcome::kLocalFailure);
  responseCut(detailsOfCut(upstream_->channel().ending()));
  return true;
}

// The client has a part of the response: only a reset says that the rest is missing, whatever
// the body's framing is.
void Session::responseCut(std::string_view details) {
  exchange_.details = details;
  count(exchange_.status);
  report();
  abort();
}

}  // namespace sluice::proxy
