// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace sluice::loader {

/// Where the hierarchies of cgroups are mounted; empty: not.
struct CgroupMounts {
  std::string version2;
  std::string memory1;  ///< of version 1, with the controller for memory
};

/// The least memory, in bytes, that a cgroup or one of those above it may use, as far as they can
/// be seen; UINT64_MAX: all that there is. `cgroups`: of the process, as /proc/PID/cgroup has them.
uint64_t memoryLimit(const std::string& cgroups, const CgroupMounts& mounts);

/// Of this process.
uint64_t memoryLimit();

}  // namespace sluice::loader
