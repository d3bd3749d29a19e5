// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "userspace/proxy/http1/chunked.h"
#include "userspace/proxy/http1/head.h"

namespace sluice::http1 {

/// Where the body of one message ends.
class Body {
 public:
  Body() = default;
  /// `most`: bytes of data that the body may have; one with more is refused before they are taken.
  Body(BodyKind kind, uint64_t length, uint64_t most = UINT64_MAX)
      : kind_(kind), too_long_(length > most), remaining_(length), chunks_(most) {}

  BodyKind kind() const { return kind_; }

  /// So many bytes at the start of `bytes` belong to the body. Less than all of them: done, or
  /// refused.
  size_t take(std::string_view bytes);

  /// Bytes of the body that are to come whatever they are; UINT64_MAX: all that come.
  uint64_t opaque() const;
  /// So many of them have been taken unseen.
  void skip(uint64_t size);

  /// For readers that cannot have the chunks (HTTP/1.0): only of a chunked body.
  ChunkedDecoder& chunks() { return chunks_; }

  /// The whole body has been taken. A body that ends with the connection is never done.
  bool done() const;
  Refusal refusal() const { return too_long_ ? Refusal::kBodyTooLarge : chunks_.refusal(); }
  /// Of its trailers; see ChunkedDecoder.
  std::string_view grpcStatus() const { return chunks_.grpcStatus(); }

 private:
  BodyKind kind_ = BodyKind::kNone;
  bool too_long_ = false;  ///< its length says so
  uint64_t remaining_ = 0;
  ChunkedDecoder chunks_;
};

}  // namespace sluice::http1
