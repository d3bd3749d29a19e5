// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice::broker {

/// Whether a table of so many slots has all of a range. To be asked before one is read: the numbers
/// come from a table that the agent writes.
constexpr bool hasRange(uint32_t slots, uint32_t first, uint32_t count) {
  return first <= slots && count <= slots - first;
}

}  // namespace sluice::broker
