// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::http1 {

/// Bytes of a message's head, start line and empty line included.
inline constexpr size_t kMaxHeadBytes = 64 * 1024;
/// Header fields of one head.
inline constexpr size_t kMaxHeaders = 100;
/// Bytes of the heads of all interim responses to one request, each counted as at least
/// kLeastInterimBytes: they are not bodies, so that no window of HTTP/2 holds them back.
inline constexpr size_t kMaxInterimBytes = 64 * 1024;
inline constexpr size_t kLeastInterimBytes = 256;
/// Bytes of the chunk extensions of one body, all chunks together.
inline constexpr size_t kMaxChunkExtensionBytes = 16 * 1024;
/// Bytes of the trailer section of one body.
inline constexpr size_t kMaxTrailerBytes = 16 * 1024;
/// Hexadecimal digits of a chunk's size, leading zeros included: no size can overflow 64 bits.
inline constexpr int kMaxChunkSizeDigits = 15;
/// Decimal digits of a Content-Length, likewise.
inline constexpr size_t kMaxContentLengthDigits = 18;

}  // namespace sluice::http1
