// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sluice::balance {

uint64_t hash64(std::string_view text, uint64_t seed) {
  return XXH64(text.data(), text.size(), seed);
}

}  // namespace sluice::balance
