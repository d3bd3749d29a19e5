// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "userspace/proxy/http2/received_head.h"

namespace sluice::http2 {

/// One message on its way from HTTP/2 to a reader of HTTP/1.1. Chunks are made as they are read, so
/// that what is held is the data and little more, however small the frames were.
class ReceivedMessage {
 public:
  /// Interim responses' heads first. False, and it is not kept, when more wait than a reader who
  /// reads would leave: heads have no window that would hold the sender back.
  bool addHead(std::string_view head, Framing framing);
  /// Bytes of a message without a body are dropped: whether they were kept.
  bool addData(std::string_view data);
  /// `trailers`: lines, each with its end.
  void end(std::string_view trailers);

  struct Taken {
    size_t bytes = 0;
    size_t data = 0;  ///< of them, those that came by addData()
  };
  /// Writes what is here to `space`.
  Taken take(std::span<char> space);

  bool empty() const;
  /// The end has come; there may still be something to take.
  bool ended() const { return ended_; }

 private:
  bool stage();
  size_t copy(std::string_view from, std::span<char> to);

  Framing framing_ = Framing::kNone;
  std::string staged_;  ///< heads and what frames chunks
  size_t staged_at_ = 0;
  std::string data_;
  size_t data_at_ = 0;
  size_t chunk_left_ = 0;
  std::string trailers_;
  bool ended_ = false;
  bool end_staged_ = false;
};

}  // namespace sluice::http2
