// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "userspace/base/result.h"

namespace sluice::loader {

/// Where this process sees the root of the cgroup2 hierarchy, "/sys/fs/cgroup" or
/// "/sys/fs/cgroup/unified"; kNotFound when none is mounted.
Result<std::string> findCgroup2Mount();

/// The same from the text of a /proc/<pid>/mountinfo; empty when it has none.
std::string cgroup2MountIn(const std::string& mountinfo);

/// The number under which the kernel knows the cgroup of this open directory.
Result<uint64_t> cgroupId(int cgroup_fd);

}  // namespace sluice::loader
