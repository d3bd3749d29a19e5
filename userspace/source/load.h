// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "userspace/source/resource_store.h"

namespace sluice::source {

/// What files say, read once, as offline commands need it.
struct Loaded {
  std::shared_ptr<const Snapshot> snapshot;  ///< of everything that is right; never null
  Diagnostics diagnostics;
  std::vector<ResourceStatus> statuses;
  std::vector<std::string> unreadable;  ///< files that are no YAML or cannot be read
};

/// Reads each file of `paths`, and *.yaml and *.yml directly in each directory of `paths`, sorted
/// by name. A path named twice is read once. Never fails: see `diagnostics`.
Loaded load(const std::vector<std::string>& paths);

}  // namespace sluice::source
