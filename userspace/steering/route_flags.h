// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "userspace/routing/route_table.h"

namespace sluice::steering {

/// ROUTE_DRAIN_* and ROUTE_REBALANCE, of a route of any path.
uint8_t drainFlags(const routing::ServiceRoute& route);

/// ROUTE_FAIL_OPEN and ROUTE_TELL_ORIGIN, of a route that takes the proxy.
uint8_t proxyFlags(const routing::ServiceRoute& route, const AgentSettings& agent);

}  // namespace sluice::steering
