// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/request_id.h"

#include <cstddef>
#include <cstdint>

namespace sluice::proxy {

namespace {

constexpr uint64_t kVersionMask = 0xf000, kVersion4 = 0x4000;
constexpr uint64_t kVariantMask = uint64_t{3} << 62, kVariant = uint64_t{2} << 62;

/// Hyphens stand behind 8, 12, 16 and 20 digits.
constexpr bool isHyphen(size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

RequestId RequestId::draw(Random& random) {
  uint64_t bits[] = {(random.draw() & ~kVersionMask) | kVersion4,
                     (random.draw() & ~kVariantMask) | kVariant};
  RequestId id;
  size_t digits = 0;
  for (size_t i = 0; i < id.text_.size(); ++i) {
    if (isHyphen(i)) {
      id.text_[i] = '-';
      continue;
    }
    uint64_t& half = bits[digits++ / 16];
    id.text_[i] = "0123456789abcdef"[half >> 60];
    half <<= 4;
  }
  return id;
}

}  // namespace sluice::proxy
