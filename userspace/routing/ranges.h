// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "userspace/routing/client.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// Whether clients reach the service by addresses that it does not list one by one.
bool hasRanges(const RegistryService& service);

/// The services of `hosts` that `client` reaches by addresses which they do not list one by one:
/// CIDRs of a ServiceEntry, and every address where it has none. `table` holds their routes.
/// Istio: TLS ports without an address of their own share a listener, the server name tells them
/// apart; declared HTTP ports do not count where the Host header decides.
std::vector<RangeRoute> buildRanges(const Registry& registry, const std::set<std::string>& hosts,
                                    const RouteTable& table, const Client& client,
                                    bool host_decides);

}  // namespace sluice::routing
