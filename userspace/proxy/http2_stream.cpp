// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2_stream.h"

#include <algorithm>

#include "userspace/proxy/http2_connection.h"
#include "userspace/proxy/options.h"

namespace sluice::proxy {

using http2::MessageSplitter;

Http2Stream::Http2Stream(Http2Connection& connection, Reactor& reactor, http2::HeadScratch& scratch,
                         Kind sends)
    : connection_(&connection), reactor_(reactor), splitter_(sends, scratch) {
  writable_ = true;
}

Result<void> Http2Stream::watch(std::shared_ptr<ChannelUser> user) {
  user_ = std::move(user);
  if (connection_ != nullptr) connection_->enqueue(*this);
  return {};
}

void Http2Stream::unwatch() { leaveUser(); }

std::optional<SocketAddress> Http2Stream::localAddress() {
  return connection_ == nullptr ? std::nullopt : connection_->localAddress();
}

void Http2Stream::leaveUser() {
  if (user_) reactor_.keepForThisRound(std::move(user_));
  user_.reset();
}

void Http2Stream::notify() {
  queued = false;
  if (user_) user_->channelReady();
}

void Http2Stream::updateReadable() {
  readable_ = !message_.empty() || broken_ || (message_.ended() && !exhausted_);
}

Channel::Io Http2Stream::read(Buffer& buffer) {
  const auto taken = message_.take(buffer.space());
  buffer.commit(taken.bytes);
  if (taken.data > 0 && connection_ != nullptr) connection_->consumed(*this, taken.data);
  const bool over = taken.bytes == 0 && message_.empty();
  if (over && message_.ended()) exhausted_ = true;
  updateReadable();
  if (taken.bytes > 0) return Io::kProgress;
  if (exhausted_) return Io::kEnd;
  return broken_ ? Io::kFailed : Io::kBlocked;
}

Channel::Io Http2Stream::write(std::string_view bytes, size_t& written) {
  const size_t before = written;
  while (connection_ != nullptr) {
    // Heads are taken whole; of a body as much as there is room for.
    const size_t room = kBufferBytes - std::min(outgoingSize(), kBufferBytes);
    const auto rest = bytes.substr(written - before);
    const auto piece = splitter_.next(sent().inBody() ? rest.substr(0, room) : rest);
    written += piece.size;
    if (piece.found == MessageSplitter::Found::kNothing) break;
    if (!take(piece)) return Io::kFailed;
  }
  if (connection_ == nullptr) return Io::kFailed;
  writable_ = outgoingSize() < kBufferBytes;
  return written > before ? Io::kProgress : Io::kBlocked;
}

bool Http2Stream::take(const MessageSplitter::Piece& piece) {
  switch (piece.found) {
    case MessageSplitter::Found::kHead:
      return connection_->sendHead(*this);
    case MessageSplitter::Found::kData:
      outgoing_.append(piece.data);
      break;
    case MessageSplitter::Found::kEnd:
      outgoing_ended_ = true;
      break;
    case MessageSplitter::Found::kMalformed:
      reset();
      return false;
    case MessageSplitter::Found::kNothing:
      break;
  }
  connection_->resume(*this);
  return true;
}

size_t Http2Stream::takeOutgoing(std::span<uint8_t> frame, bool& last) {
  const size_t count = std::min(frame.size(), outgoingSize());
  std::ranges::copy(std::string_view(outgoing_).substr(outgoing_at_, count), frame.begin());
  outgoing_at_ += count;
  if (outgoing_at_ == outgoing_.size()) {
    outgoing_.clear();
    outgoing_at_ = 0;
  }
  last = outgoing_ended_ && outgoing_.empty();
  if (!writable_ && outgoingSize() < kBufferBytes / 2) {
    writable_ = true;
    connection_->enqueue(*this);
  }
  return count;
}

// A body that ends with the connection in HTTP/1.1 ends with its stream here.
void Http2Stream::shutdownWrite() {
  if (connection_ == nullptr || !splitter_.untilClose() || outgoing_ended_) return;
  outgoing_ended_ = true;
  connection_->resume(*this);
}

void Http2Stream::close() {
  shutdownWrite();
  abandoned_ = true;
  leaveUser();
  if (connection_ != nullptr) connection_->abandon(*this);
}

void Http2Stream::reset() {
  abandoned_ = true;
  leaveUser();
  if (connection_ != nullptr) connection_->cancel(*this);
}

void Http2Stream::setHeadRequest() {
  head_request_ = true;
  splitter_.expectNoBody();
}

bool Http2Stream::receiveHead(std::string_view head, http2::Framing framing) {
  if (!message_.addHead(head, framing)) return false;
  updateReadable();
  connection_->enqueue(*this);
  return true;
}

bool Http2Stream::receiveData(std::string_view data) {
  if (abandoned_ || !message_.addData(data)) return false;
  readable_ = true;
  connection_->enqueue(*this);
  return true;
}

void Http2Stream::receiveEnd(std::string_view trailers) {
  message_.end(trailers);
  updateReadable();
  connection_->enqueue(*this);
}

void Http2Stream::ended() { leaveConnection(); }

void Http2Stream::broke(Ending how) {
  broken_ = true;
  ending_ = how;
  leaveConnection();
}

void Http2Stream::leaveConnection() {
  connection_->enqueue(*this);
  connection_ = nullptr;
  updateReadable();
}

}  // namespace sluice::proxy
