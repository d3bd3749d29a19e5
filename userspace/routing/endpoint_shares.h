// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// What each endpoint of `cluster` gets of its traffic, in their order, relative to the others; 0:
/// nothing. `unhealthy` says of each endpoint whether it must get nothing; empty: none.
std::vector<uint32_t> endpointShares(const Cluster& cluster,
                                     std::span<const uint8_t> unhealthy = {});

}  // namespace sluice::routing
