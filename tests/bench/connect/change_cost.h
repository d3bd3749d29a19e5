// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "tests/bench/mesh.h"
#include "userspace/base/result.h"

namespace sluice::test {

/// Milliseconds from a changed file to the kernel's tables, one for each change. Nothing waits:
/// neither for the directory to be quiet nor for the proxy's workers.
struct ChangeCost {
  std::vector<double> endpoint;         ///< an endpoint is gone, or is there again
  std::vector<double> virtual_service;  ///< other weights
};

/// In tables of its own, pinned in that directory of a bpffs for as long as it lasts.
Result<ChangeCost> changeCost(const std::filesystem::path& pins, const MeshSize& size, int changes);

}  // namespace sluice::test
