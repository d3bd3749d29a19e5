// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "maps/lib/hash.h"
#include "userspace/model/ids.h"

namespace sluice::steering {

/// The number under which the workload "namespace/name" is known everywhere. It is computed, so
/// that it needs no table and survives every restart.
inline WorkloadId workloadId(std::string_view key) { return {fnv1a64(key.data(), key.size())}; }

}  // namespace sluice::steering
