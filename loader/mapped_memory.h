// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "userspace/base/result.h"

namespace sluice::loader {

/// Owns the mapping of an array map that was made with BPF_F_MMAPABLE.
class MappedMemory {
 public:
  /// `size` bytes from the map's first element on.
  static Result<MappedMemory> map(int map_fd, size_t size);

  MappedMemory() = default;
  MappedMemory(MappedMemory&& other) noexcept;
  MappedMemory& operator=(MappedMemory&& other) noexcept;
  ~MappedMemory();

  std::span<std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedMemory(std::span<std::byte> bytes) : bytes_(bytes) {}

  std::span<std::byte> bytes_;
};

}  // namespace sluice::loader
