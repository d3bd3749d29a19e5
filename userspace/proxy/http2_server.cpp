// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2_server.h"

#include <nghttp2/nghttp2.h>

#include <utility>

#include "userspace/proxy/local_reply.h"

namespace sluice::proxy {

Http2Server::Http2Server(Context& context, std::shared_ptr<Channel> channel, const Origin& origin,
                         Opened opened, Gone gone)
    : Http2Connection(context, std::move(channel), Side::kServer),
      origin_(origin),
      since_(context.reactor.now()),
      opened_(std::move(opened)),
      gone_(std::move(gone)) {}

void Http2Server::headBegins(int32_t id, bool first) {
  head_open_ = true;
  of_request_ = first;
  if (!first) return;
  auto stream = std::make_shared<Http2Stream>(*this, context_.reactor, context_.http2_heads,
                                              Http2Stream::Kind::kResponse);
  stream->setId(id);
  add(std::move(stream));
}

void Http2Server::headReceived(int32_t id, const http2::ReceivedHead& head, bool ended) {
  head_open_ = of_request_ = false;
  if (waiting_ == Waiting::kHead) waitFor(Waiting::kNothing);  // the next one has its own time
  auto* const stream = find(id);
  if (stream == nullptr) return;
  if (!head.method().empty()) return begin(id, head, ended);
  if (head.tooLarge()) return refuse(id, NGHTTP2_ENHANCE_YOUR_CALM);
  std::string trailers;
  head.appendTrailers(trailers);
  stream->receiveEnd(trailers);
}

void Http2Server::headMalformed(const http2::ReceivedHead& head) {
  ++context_.stats.refused_requests;
  // Trailers belong to a request whose session says how it ends.
  if (std::exchange(of_request_, false)) report(head, 0, details::kMalformedStream);
}

/// The request, or what is still to come of it, is not taken.
void Http2Server::refuse(int32_t id, uint32_t error) {
  ++context_.stats.refused_requests;
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, id, error);
}

void Http2Server::begin(int32_t id, const http2::ReceivedHead& head, bool ended) {
  ++requests_;
  if (head.tooLarge()) return answerTooLarge(id, head);
  std::string& text = context_.text;
  text.clear();
  http2::Framing framing{};
  if (!head.appendRequest(ended, text, framing)) {
    report(head, 0, details::kMalformedStream);
    return refuse(id, NGHTTP2_PROTOCOL_ERROR);
  }
  auto* const stream = find(id);
  if (head.method() == "HEAD") stream->setHeadRequest();
  stream->receiveHead(text, framing);
  if (ended) stream->receiveEnd({});
  opened_(stream->shared_from_this(), origin_);
}

/// RFC 6585 §5. There is no head that a session could answer.
void Http2Server::answerTooLarge(int32_t id, const http2::ReceivedHead& head) {
  ++context_.stats.refused_requests;
  answerWith(id, "431");
  find(id)->discard();
  report(head, 431, details::kHeadTooLarge);
}

/// What no session will: the end of a request that has none. `status` 0: its stream is reset.
void Http2Server::report(const http2::ReceivedHead& head, int status, std::string_view details,
                         Duration duration) {
  std::shared_ptr<const ProxyRoute> route;
  if (const auto& config = context_.config)
    route = config->routeOf(origin_.service, config->classOf(origin_.workload));
  if (route) context_.counters.request(route->binding, {}, {}, status);
  RequestRecord record{.workload = origin_.workload,
                       .service = origin_.service,
                       .client = origin_.client,
                       .called = origin_.called ? &*origin_.called : nullptr,
                       .protocol = "HTTP/2",
                       .method = head.method(),
                       .target = head.path(),
                       .authority = head.authority(),
                       .status = status,
                       .details = details,
                       .duration = duration,
                       .route = route.get(),
                       .generation = context_.config_generation};
  record.flags.add(ResponseFlags::kDownstreamProtocol);
  context_.observers.tell(record);
}

void Http2Server::becameIdle() {
  if (draining_) terminate(NGHTTP2_NO_ERROR);
}

/// Time runs for a head that is not complete, and while there is no request.
void Http2Server::turnEnded() {
  if (head_open_) return waitFor(Waiting::kHead);
  waitFor(streams() == 0 ? Waiting::kRequest : Waiting::kNothing);
}

void Http2Server::waitFor(Waiting what) {
  if (waiting_ == what) return;
  waiting_ = what;
  if (what == Waiting::kNothing) leave();
  if (what == Waiting::kHead) context_.reading_head.join(*this);
  if (what == Waiting::kRequest) context_.idle.join(*this);
}

void Http2Server::expired() {
  const bool of_head = std::exchange(waiting_, Waiting::kNothing) == Waiting::kHead;
  // A client that does not read is not told.
  if (std::exchange(terminated_, true)) return abort();
  if (of_head) return headTimedOut();
  ++context_.stats.idle_timeouts;
  terminate(NGHTTP2_NO_ERROR);
}

/// It ends all requests of the connection: their frames stand behind it.
void Http2Server::headTimedOut() {
  ++context_.stats.refused_requests;
  if (of_request_) report({}, 0, kHeadTimeout.details, context_.options.head_timeout);
  terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

// RFC 9113 §6.8: first the announcement; once the client has had the time to see it, the number
// of the last request that is served.
void Http2Server::drain() {
  if (draining_ || closed()) return;
  draining_ = true;
  nghttp2_submit_shutdown_notice(session());
  nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, nullptr);
  schedule();
}

void Http2Server::pingAnswered() {
  if (!draining_) return;
  if (streams() == 0) return terminate(NGHTTP2_NO_ERROR);
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

}  // namespace sluice::proxy
