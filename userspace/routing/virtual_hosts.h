// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "userspace/routing/client.h"
#include "userspace/routing/compile.h"

namespace sluice::routing {

/// httpMode istio: what the Host header means to `client` on each port that some service which it
/// sees declares as HTTP. `table` holds the routes of all services for this client.
///
/// Istio, BuildSidecarOutboundVirtualHosts: VirtualServices in their order, each with the hosts
/// that are no service (on port 80, and where the VirtualService is about a service of the port,
/// too) and with the services that it owns; then all other services. The first that takes a name
/// has it.
std::map<uint16_t, VirtualHosts> buildVirtualHosts(Catalog& catalog, const RouteTable& table,
                                                   const Client& client);

}  // namespace sluice::routing
