// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "maps/abi/types.h"
#include "userspace/routing/route_table.h"

namespace sluice::steering {

/// The keys of `services` that lead to `route` on one address family: of its addresses, or of every
/// address for what no service lists. None for what the proxy alone finds.
std::vector<service_key> keysOf(const routing::ServiceRoute& route, routing::Family family);

}  // namespace sluice::steering
