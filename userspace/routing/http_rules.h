// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "userspace/routing/client.h"
#include "userspace/routing/destinations.h"
#include "userspace/routing/rule_book.h"
#include "userspace/routing/virtual_services.h"

namespace sluice::routing {

/// Decides everything that does not depend on a request. `port` is the one that the client called.
/// Istio: BuildHTTPRoutesForVirtualService.
HttpRules compileHttpRules(const MeshVirtualService& service, uint16_t port, const Client& client,
                           const Destinations& destinations, PortDefault port_default);

/// Whether a match that names these gateways acts inside the mesh.
bool namesMesh(const std::vector<std::string>& gateways);

}  // namespace sluice::routing
