// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "loader/map_data_plane.h"
#include "userspace/observe/map_use.h"
#include "userspace/steering/steering.h"

namespace sluice::agent {

/// Every table, in the order of maps/abi/tables.def. Elements that steering keeps are not counted
/// in the kernel, so that it costs little.
Result<std::vector<observe::MapUse>> mapUses(loader::MapDataPlane& data_plane,
                                             const steering::Steering& steering);

}  // namespace sluice::agent
