// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/map_memory.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <fstream>
#include <string>
#include <string_view>

#include "userspace/base/fd.h"

namespace sluice::test {
namespace {

/// Bytes, as /proc has them of a map's descriptor; 0 for what is no map.
size_t memoryOf(const Fd& map) {
  constexpr std::string_view kMemory = "memlock:";
  std::ifstream info(fmt::format("/proc/self/fdinfo/{}", map.get()));
  size_t bytes = 0;
  bool is_map = false;
  for (std::string line; std::getline(info, line);) {
    is_map |= line.starts_with("map_type:");
    if (line.starts_with(kMemory)) bytes = std::stoul(line.substr(kMemory.size()));
  }
  return is_map ? bytes : 0;
}

}  // namespace

size_t mapKib(const std::filesystem::path& directory) {
  size_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_directory()) continue;
    if (const Fd pinned(::bpf_obj_get(entry.path().c_str())); pinned) bytes += memoryOf(pinned);
  }
  return bytes >> 10;
}

}  // namespace sluice::test
