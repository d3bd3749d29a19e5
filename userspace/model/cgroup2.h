// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "userspace/base/result.h"

namespace sluice {

/// Where this process sees the root of the cgroup2 hierarchy, "/sys/fs/cgroup" or
/// "/sys/fs/cgroup/unified". kUnsupported: it is not mounted.
Result<std::string> findCgroup2Mount();

/// The same from the text of a /proc/<pid>/mountinfo; says whether cgroup v1 is there instead.
Result<std::string> cgroup2MountIn(const std::string& mountinfo);

}  // namespace sluice
