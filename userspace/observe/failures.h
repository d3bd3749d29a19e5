// SPDX-License-Identifier: Apache-2.0
// Helpers of the kernel that failed for one of our programs.
#pragma once

#include <string_view>
#include <vector>

#include "userspace/base/clock.h"
#include "userspace/model/data_plane.h"
#include "userspace/observe/json.h"

namespace sluice::observe {

struct HelperFailure {
  std::string_view file, helper;  ///< of maps/abi/sites.def; "?" for a site that this version lacks
  uint16_t line = 0;
  int error = 0;  ///< errno; 0: the helper does not tell
  uint64_t count = 0;
  Duration last{};  ///< CLOCK_MONOTONIC
};

/// In the order of file and line.
Result<std::vector<HelperFailure>> readFailures(DataPlane& data_plane);

/// Items {file, line, helper, error, count, ageSeconds}; `error` is a name as ENOMEM, or empty.
/// `now`: CLOCK_MONOTONIC.
Json failureItems(const std::vector<HelperFailure>& failures, Duration now);

}  // namespace sluice::observe
