// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace sluice::steering {

/// Runs of slots in an array table, first fit.
class RangeAllocator {
 public:
  explicit RangeAllocator(uint32_t size) : size_(size), left_(size) { free_[0] = size; }

  /// First slot of `count` free ones in a row; none when there is no such run. 0 slots are always
  /// to be had and need no release.
  std::optional<uint32_t> allocate(uint32_t count);

  /// Takes a run that is known to be in use; false when a part of it is taken already.
  bool reserve(uint32_t first, uint32_t count);

  /// Gives back what allocate() or reserve() took.
  void release(uint32_t first, uint32_t count);

  uint32_t size() const { return size_; }
  /// Slots that are free, in a row or not.
  uint32_t left() const { return left_; }

 private:
  uint32_t size_, left_;
  std::map<uint32_t, uint32_t> free_;  ///< first -> count; never two that touch
};

}  // namespace sluice::steering
