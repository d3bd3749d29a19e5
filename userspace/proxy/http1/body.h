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
  Body(BodyKind kind, uint64_t length) : kind_(kind), remaining_(length) {}

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
  Refusal refusal() const { return chunks_.refusal(); }
  /// Of its trailers; see ChunkedDecoder.
  std::string_view grpcStatus() const { return chunks_.grpcStatus(); }

 private:
  BodyKind kind_ = BodyKind::kNone;
  uint64_t remaining_ = 0;
  ChunkedDecoder chunks_;
};

}  // namespace sluice::http1
