// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2_client.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "userspace/proxy/http2_limits.h"

namespace sluice::proxy {

bool Http2Client::isFull() {
  const auto allowed =
      nghttp2_session_get_remote_settings(session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return streams() >= std::min({allowed, kMaxStreams, terms_.streams});
}

std::shared_ptr<Http2Stream> Http2Client::open() {
  if (!closed() && context_.reactor.now() >= terms_.connection.until) retire();
  if (closed() || retired_ || isFull() || nghttp2_session_check_request_allowed(session()) == 0)
    return nullptr;
  leave();
  auto stream = std::make_shared<Http2Stream>(*this, context_.reactor, context_.http2_heads,
                                              Http2Stream::Kind::kRequest);
  stream->setId(next_number_);
  next_number_ = next_number_ == std::numeric_limits<int32_t>::min() ? -1 : next_number_ - 1;
  add(stream);
  retired_ = ++requests_ >= terms_.connection.requests;
  return stream;
}

void Http2Client::headReceived(int32_t id, const http2::ReceivedHead& head, bool ended) {
  auto* const stream = find(id);
  if (stream == nullptr) return;
  if (head.tooLarge()) return refuse(id);
  std::string& text = context_.text;
  text.clear();
  if (head.status() == 0) {
    head.appendTrailers(text);
    return stream->receiveEnd(text);
  }
  http2::Framing framing{};
  head.appendResponse(ended, stream->isHeadRequest(), text, framing);
  if (!stream->receiveHead(text, framing)) return refuse(id);
  if (ended) stream->receiveEnd({});
}

/// More heads than anybody reads. To the stream's user it is an answer that broke off.
void Http2Client::refuse(int32_t id) {
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2Client::becameIdle() { retired_ ? terminate(NGHTTP2_NO_ERROR) : idle_(*this); }

void Http2Client::keepAlive() {
  if (terms_.ping_interval) setPingTimer(*terms_.ping_interval, [this] { ping(); });
}

void Http2Client::ping() {
  nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, nullptr);
  schedule();
  setPingTimer(terms_.ping_timeout, [this] { abort(); });
}

void Http2Client::setPingTimer(Duration pause, Reactor::Task task) {
  context_.reactor.cancel(ping_timer_);
  ping_timer_ = context_.reactor.after(pause, std::move(task));
}

void Http2Client::gone() {
  context_.reactor.cancel(ping_timer_);
  gone_(*this);
}

void Http2Client::retire() {
  retired_ = true;
  if (streams() == 0) terminate(NGHTTP2_NO_ERROR);
}

}  // namespace sluice::proxy
