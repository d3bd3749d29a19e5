// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "userspace/base/buffer.h"
#include "userspace/proxy/channel.h"
#include "userspace/proxy/pipe_pool.h"

namespace sluice::proxy {

/// One direction of a connection: bytes that were read, of which the first `cleared` have been
/// found to belong to the message and may be written, of which the first `written` have been.
/// Once the buffer is full nothing is read until something was written: that is the back-pressure.
///
/// Bytes that come in bulk and that nobody has to see pass by a pipe, from socket to socket. It is
/// filled only when everything before has been written, and again only when it is empty.
class Flow {
 public:
  Flow(BlockPool& blocks, size_t headroom, PipePool& pipes)
      : buffer_(blocks, headroom), pipes_(pipes) {}

  Buffer& buffer() { return buffer_; }
  /// What was read and not looked at yet.
  std::string_view unseen() const { return buffer_.data().substr(cleared_); }
  std::string_view pending() const { return buffer_.data().substr(written_, cleared_ - written_); }
  bool idle() const { return written_ == cleared_ && !pipe_; }

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
  /// The same on the way to another channel, where the next `opaque` bytes are cleared before they
  /// are read: `passed` grows by those that go by a pipe, and are not seen in the buffer.
  Channel::Io passFrom(Channel& from, Channel& to, uint64_t opaque, uint64_t& passed);
  /// Writes pending bytes until all are written or the channel blocks.
  Channel::Io writeTo(Channel& channel, uint64_t& total);

  /// Ready for another message; what is unseen stays.
  void finishMessage();
  void reset();

 private:
  bool makeRoom();
  bool mayDropBuffer();
  Channel::Io fillPipe(SocketChannel& from, uint64_t most, uint64_t& passed);
  Channel::Io drainPipe(Channel& to, uint64_t& total);
  void dropPipe();

  Buffer buffer_;
  PipePool& pipes_;
  std::unique_ptr<Pipe> pipe_;  ///< with bytes that come before those of the buffer; else null
  size_t cleared_ = 0;
  size_t written_ = 0;
  bool retained_ = false;
  bool bulk_ = false;  ///< the last read has brought much: more is likely to follow
};

}  // namespace sluice::proxy
