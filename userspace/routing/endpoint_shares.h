// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// What is known of an endpoint at present.
struct EndpointState {
  bool healthy = true;     ///< or it must get nothing
  uint32_t percent = 100;  ///< of its weight that counts
};

/// What each endpoint of `cluster` gets of its traffic, in their order, relative to the others; 0:
/// nothing. `states` are in the same order; empty: all are as they should be.
std::vector<uint32_t> endpointShares(const Cluster& cluster,
                                     std::span<const EndpointState> states = {});

}  // namespace sluice::routing
