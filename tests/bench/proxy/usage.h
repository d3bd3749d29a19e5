// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace sluice::test {

/// Of these processes and their children, since they began; user and kernel time.
double cpuSeconds(const std::vector<pid_t>& processes);

/// Memory of these processes and their children, in KiB: resident pages, one that several processes
/// share in equal parts for each (PSS).
size_t residentKib(const std::vector<pid_t>& processes);

}  // namespace sluice::test
