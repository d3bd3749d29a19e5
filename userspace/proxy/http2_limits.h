// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "userspace/proxy/options.h"

namespace sluice::proxy {

/// Requests that one connection may have in flight; what is beyond is refused (REFUSED_STREAM).
inline constexpr uint32_t kMaxStreams = 100;
/// RFC 9113 §6.9.2: what a stream's sender may be ahead of its reader.
inline constexpr int32_t kStreamWindow = 65535;
static_assert(kStreamWindow <= static_cast<int32_t>(kBufferBytes));
/// Room for all streams, so that one that is not read holds up no other.
inline constexpr int32_t kConnectionWindow = static_cast<int32_t>(kMaxStreams) * kStreamWindow;

/// Frames other than DATA that wait for a peer who does not read.
inline constexpr size_t kMaxWaitingFrames = 1000;

}  // namespace sluice::proxy
