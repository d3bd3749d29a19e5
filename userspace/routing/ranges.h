// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "userspace/routing/client.h"
#include "userspace/routing/compile.h"

namespace sluice::routing {

/// The services that `client` reaches by addresses which they do not list one by one: CIDRs of a
/// ServiceEntry, and every address where it has none. `table` holds the routes of all services.
/// Istio: TLS ports without an address of their own share a listener, the server name tells them
/// apart; declared HTTP ports do not count where the Host header decides.
std::vector<RangeRoute> buildRanges(const Catalog& catalog, const RouteTable& table,
                                    const Client& client);

}  // namespace sluice::routing
