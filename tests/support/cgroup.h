// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "userspace/base/clock.h"
#include "userspace/base/result.h"

namespace sluice::test {

/// Where cgroup2 is mounted, from /proc/self/mountinfo; fails when there is none.
Result<std::filesystem::path> cgroup2Mount();

/// Kills every process in the cgroup and below, and removes the cgroups. Succeeds when there is no
/// such cgroup.
Result<void> removeCgroup(const std::filesystem::path& directory);

}  // namespace sluice::test
