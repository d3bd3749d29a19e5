// SPDX-License-Identifier: Apache-2.0
// How a connection of HTTP/2 ends, and its streams.
#include <nghttp2/nghttp2.h>

#include <utility>

#include "userspace/proxy/http2_connection.h"
#include "userspace/proxy/http2_limits.h"
#include "userspace/proxy/upstream_channel.h"

namespace sluice::proxy {

void Http2Connection::terminate(uint32_t error) {
  nghttp2_session_terminate_session(session_, error);
  schedule();
}

// nghttp2 answers each with a reset of the stream or more, but bounds only the resets that are
// received: a client could have as many requests begun and reset as it likes (CVE-2025-8671).
void Http2Connection::badFrame(uint8_t type) {
  if (type == NGHTTP2_HEADERS) headMalformed(head_);
  if (!faults_.spend(context_.reactor.now())) terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

/// What waits to be sent is more than a peer who reads would leave.
bool Http2Connection::isFlooded() const {
  return !outgoing_.empty() &&
         nghttp2_session_get_outbound_queue_size(session_) > kMaxWaitingFrames;
}

/// There is no way to tell the peer.
void Http2Connection::fail() {
  ++context_.stats.http2_failures;
  abort();
}

void Http2Connection::abort() {
  if (!closed()) channel_->reset();
  close();
}

void Http2Connection::close() {
  if (closed()) return;
  const auto self = shared_from_this();
  leave();
  const auto channel = std::exchange(channel_, nullptr);
  const auto* failure = noteFailure(context_, *channel);
  const bool refused = failure != nullptr && failure->unused;
  const auto ending = refused ? Channel::Ending::kRefused : Channel::Ending::kClosed;
  channel->close();
  incoming_.clear();
  for (const auto& [id, stream] : std::exchange(streams_, {})) stream->broke(ending);
  // Users may do anything: not from within whatever has closed this.
  context_.reactor.post([self] { self->notifyStreams(); });
  gone();
}

void Http2Connection::cancel(Http2Stream& stream) {
  if (stream.id() < 0) return release(stream);
  const uint32_t error = side_ == Side::kServer ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_CANCEL;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id(), error);
  schedule();
}

void Http2Connection::streamClosed(int32_t id, uint32_t error) {
  auto* const stream = find(id);
  if (stream == nullptr) return;
  if (error == NGHTTP2_NO_ERROR && stream->receivedAll())
    stream->ended();
  else if (error == NGHTTP2_REFUSED_STREAM)
    stream->broke(Channel::Ending::kRefused);
  else
    stream->broke(stream->wasReset() ? Channel::Ending::kReset : Channel::Ending::kMalformed);
  forget(id);
}

/// A stream that the wire has never seen.
void Http2Connection::release(Http2Stream& stream) {
  const int32_t id = stream.id();
  stream.ended();
  forget(id);
}

void Http2Connection::forget(int32_t id) {
  streams_.erase(id);
  if (streams_.empty()) becameIdle();
}

}  // namespace sluice::proxy
