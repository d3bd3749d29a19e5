// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http1/body.h"

#include <algorithm>

namespace sluice::http1 {

size_t Body::take(std::string_view bytes) {
  if (too_long_) return 0;
  switch (kind_) {
    case BodyKind::kNone:
      return 0;
    case BodyKind::kLength: {
      const auto taken = static_cast<size_t>(std::min<uint64_t>(remaining_, bytes.size()));
      remaining_ -= taken;
      return taken;
    }
    case BodyKind::kChunked:
      return chunks_.take(bytes);
    case BodyKind::kUntilClose:
      return bytes.size();
  }
  return 0;
}

uint64_t Body::opaque() const {
  switch (kind_) {
    case BodyKind::kLength:
      return remaining_;
    case BodyKind::kUntilClose:
      return UINT64_MAX;
    case BodyKind::kNone:
    case BodyKind::kChunked:
      return 0;
  }
  return 0;
}

void Body::skip(uint64_t size) {
  if (kind_ == BodyKind::kLength) remaining_ -= size;
}

bool Body::done() const {
  switch (kind_) {
    case BodyKind::kNone:
      return true;
    case BodyKind::kLength:
      return remaining_ == 0;
    case BodyKind::kChunked:
      return chunks_.done();
    case BodyKind::kUntilClose:
      return false;
  }
  return true;
}

}  // namespace sluice::http1
