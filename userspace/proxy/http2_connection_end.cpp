// SPDX-License-Identifier: Apache-2.0
// How a connection of HTTP/2 ends.
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
  if (side_ == Side::kServer && type == NGHTTP2_HEADERS) ++context_.stats.refused_requests;
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
  channel->close();
  incoming_.clear();
  for (const auto& [id, stream] : std::exchange(streams_, {})) stream->ended(false, refused);
  // Users may do anything: not from within whatever has closed this.
  context_.reactor.post([self] { self->notifyStreams(); });
  gone();
}

}  // namespace sluice::proxy
