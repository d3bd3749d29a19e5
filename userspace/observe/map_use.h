// SPDX-License-Identifier: Apache-2.0
// How full the kernel's tables are.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "userspace/model/data_plane.h"
#include "userspace/observe/json.h"
#include "userspace/observe/metrics.h"

namespace sluice::observe {

struct MapUse {
  Table table;
  std::string_view type;  ///< "hash", "array", "per-CPU array"
  uint32_t capacity = 0;
  /// In use or in their grace period; nothing where elements do not come and go.
  std::optional<uint32_t> entries;
  uint64_t bytes = 0;  ///< of the kernel's memory; 0: it does not tell
};

/// Items {name, type, entries, capacity, pressure, bytes, whenFull}; `pressure` in percent.
/// `entries` and `pressure` are absent where elements do not come and go.
Json mapItems(const std::vector<MapUse>& maps);

/// Samples of those whose elements come and go.
void addMaps(MetricsPage& page, const std::vector<MapUse>& maps);

}  // namespace sluice::observe
