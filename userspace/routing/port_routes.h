// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <vector>

#include "userspace/routing/route_table.h"
#include "userspace/routing/virtual_hosts.h"

namespace sluice::routing {

/// What completing the table of one class needs besides it.
struct PortSources {
  std::vector<HostClaims::Claim> foreign;  ///< names of the table that lead to no service
  std::set<ServiceKey> hidden;             ///< services that the client may not see
};

/// Completes `tables`, each with its ranges and virtual hosts: for each port of these what
/// connections get whose address no service lists (`kAnyHost`), and the hosts outside the registry.
/// A service that a client may not see has nothing listed for it. All tables get the same keys.
/// What is as in `last`, which may be null, stays the object that it is there.
void addPortRoutes(std::map<ClientClass, RouteTable>& tables,
                   const std::map<ClientClass, PortSources>& sources, const Routing* last);

/// Whether `route` is none of a service of the registry.
bool isPortRoute(const ServiceRoute& route);

}  // namespace sluice::routing
