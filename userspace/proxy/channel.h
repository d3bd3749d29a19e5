// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "userspace/base/buffer.h"
#include "userspace/base/fd.h"

namespace sluice::proxy {

/// A non-blocking stream socket that is watched edge-triggered, once for its whole life: no
/// epoll_ctl() per request. Remembers what may be worth trying.
class Channel {
 public:
  enum class Io { kProgress, kBlocked, kEnd, kFailed };

  /// For Reactor::add().
  static const uint32_t kEvents;

  explicit Channel(Fd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  void note(uint32_t events);
  /// A write has failed: what there is to read says why.
  void expectEnd() { readable_ = true; }

  bool readable() const { return readable_; }
  bool writable() const { return writable_; }
  /// Reset, or closed in both directions.
  bool broken() const { return broken_; }
  /// The end of what the peer sends has been read.
  bool exhausted() const { return exhausted_; }

  /// One recv() into buffer.space(), which must not be empty.
  Io read(Buffer& buffer);
  /// One send() of what fits; `written` grows by that.
  Io write(std::string_view bytes, size_t& written);
  /// Is there neither a byte nor an end to read? One recv().
  bool isQuiet();

  void shutdownWrite();
  void close() { fd_.reset(); }
  /// Closes so that the peer sees a reset: what it has got so far is not the whole.
  void reset();

 private:
  Fd fd_;
  bool readable_ = false;
  bool writable_ = false;
  bool ended_ = false;  ///< the peer sends no more; there may be bytes left to read
  bool broken_ = false;
  bool exhausted_ = false;
};

}  // namespace sluice::proxy
