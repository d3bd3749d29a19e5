// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2_client.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <limits>

#include "userspace/proxy/http2_limits.h"

namespace sluice::proxy {

std::shared_ptr<Http2Stream> Http2Client::open() {
  const auto allowed =
      nghttp2_session_get_remote_settings(session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  const bool full = streams() >= std::min(allowed, kMaxStreams);
  if (closed() || retired_ || full || nghttp2_session_check_request_allowed(session()) == 0)
    return nullptr;
  leave();
  auto stream = std::make_shared<Http2Stream>(*this, context_.reactor, context_.http2_heads,
                                              Http2Stream::Kind::kRequest);
  stream->setId(next_number_);
  next_number_ = next_number_ == std::numeric_limits<int32_t>::min() ? -1 : next_number_ - 1;
  add(stream);
  return stream;
}

void Http2Client::headReceived(int32_t id, const http2::ReceivedHead& head, bool ended) {
  auto* const stream = find(id);
  if (stream == nullptr) return;
  if (head.tooLarge()) {
    nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  std::string text;
  if (head.status() == 0) {
    head.appendTrailers(text);
    return stream->receiveEnd(text);
  }
  http2::Framing framing{};
  head.appendResponse(ended, stream->isHeadRequest(), text, framing);
  stream->receiveHead(text, framing);
  if (ended) stream->receiveEnd({});
}

void Http2Client::becameIdle() { retired_ ? terminate(NGHTTP2_NO_ERROR) : idle_(*this); }

void Http2Client::retire() {
  retired_ = true;
  if (streams() == 0) terminate(NGHTTP2_NO_ERROR);
}

}  // namespace sluice::proxy
