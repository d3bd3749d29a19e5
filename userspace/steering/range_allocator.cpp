// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/range_allocator.h"

#include <iterator>

namespace sluice::steering {

std::optional<uint32_t> RangeAllocator::allocate(uint32_t count) {
  if (count == 0) return 0;
  for (const auto& [first, free_count] : free_) {
    if (free_count < count) continue;
    const uint32_t taken = first;
    reserve(taken, count);
    return taken;
  }
  return std::nullopt;
}

bool RangeAllocator::reserve(uint32_t first, uint32_t count) {
  if (count == 0) return true;
  auto run = free_.upper_bound(first);
  if (run == free_.begin()) return false;
  --run;
  const auto [start, length] = *run;
  const uint64_t end = uint64_t{start} + length;
  if (uint64_t{first} + count > end) return false;
  free_.erase(run);
  left_ -= count;
  if (first > start) free_[start] = first - start;
  if (first + count < end) free_[first + count] = static_cast<uint32_t>(end - first - count);
  return true;
}

void RangeAllocator::release(uint32_t first, uint32_t count) {
  if (count == 0) return;
  left_ += count;
  auto next = free_.lower_bound(first);
  if (next != free_.end() && next->first == first + count) {
    count += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == first) {
      before->second += count;
      return;
    }
  }
  free_[first] = count;
}

}  // namespace sluice::steering
