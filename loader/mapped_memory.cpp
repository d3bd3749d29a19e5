// SPDX-License-Identifier: Apache-2.0
#include "loader/mapped_memory.h"

#include <sys/mman.h>

#include <utility>

namespace sluice::loader {

Result<MappedMemory> MappedMemory::map(int map_fd, size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (memory == MAP_FAILED) return Error::system("mmap of a BPF map");
  return MappedMemory(std::span(static_cast<std::byte*>(memory), size));
}

MappedMemory::MappedMemory(MappedMemory&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})) {}

MappedMemory& MappedMemory::operator=(MappedMemory&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedMemory::~MappedMemory() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace sluice::loader
