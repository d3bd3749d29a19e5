// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "userspace/base/result.h"

namespace sluice::loader {

/// The number under which the kernel knows the cgroup of this open directory.
Result<uint64_t> cgroupId(int cgroup_fd);

}  // namespace sluice::loader
