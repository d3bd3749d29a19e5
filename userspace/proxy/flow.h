// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string_view>

#include "userspace/base/buffer.h"
#include "userspace/proxy/channel.h"

namespace sluice::proxy {

/// One direction of a connection: bytes that were read, of which the first `cleared` have been
/// found to belong to the message and may be written, of which the first `written` have been.
/// Once the buffer is full nothing is read until something was written: that is the back-pressure.
class Flow {
 public:
  Flow(BlockPool& pool, size_t headroom) : buffer_(pool, headroom) {}

  Buffer& buffer() { return buffer_; }
  /// What was read and not looked at yet.
  std::string_view unseen() const { return buffer_.data().substr(cleared_); }
  std::string_view pending() const { return buffer_.data().substr(written_, cleared_ - written_); }
  bool idle() const { return written_ == cleared_; }

  void clear(size_t size) { cleared_ += size; }
  size_t cleared() const { return cleared_; }
  size_t written() const { return written_; }

  /// Keeps written bytes, as long as there is room, so that rewind() can send them again.
  void retain() { retained_ = true; }
  void forget();
  bool canRewind() const { return retained_; }
  void rewind() { written_ = 0; }

  /// Replaces `size` bytes that are not cleared yet, from the first of them on. False when there is
  /// no room.
  [[nodiscard]] bool replaceUnseen(size_t size, std::string_view text) {
    return buffer_.replace(cleared_, size, text);
  }
  /// Replaces the front: its head, before anything of it was written. False when there is no room.
  [[nodiscard]] bool replaceCleared(size_t size, std::string_view text);
  void dropUnseen(size_t size) { buffer_.erase(cleared_, size); }

  /// kBlocked, too, when there is no room.
  Channel::Io readFrom(Channel& channel);
  /// Writes pending bytes until all are written or the channel blocks.
  Channel::Io writeTo(Channel& channel, uint64_t& total);

  /// Ready for another message; what is unseen stays.
  void finishMessage();
  void reset();

 private:
  bool makeRoom();

  Buffer buffer_;
  size_t cleared_ = 0;
  size_t written_ = 0;
  bool retained_ = false;
};

}  // namespace sluice::proxy
