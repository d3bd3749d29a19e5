// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "userspace/routing/lookups.h"

namespace sluice::routing {

/// What `client`, who may see `service`, gets on `port` of it: everything that does not depend on
/// a request or a connection is decided here.
std::shared_ptr<const ServiceRoute> compileRoute(Lookups& lookups, const RegistryService& service,
                                                 const RegistryPort& port, const Client& client);

/// The same for a service that the client may not see: its connections are left alone.
std::shared_ptr<const ServiceRoute> hiddenRoute(const RegistryService& service,
                                                const RegistryPort& port);

/// What `service`, a VirtualService, makes of `host`, which is no service of the registry; null
/// when none of its rules is for this client and port.
std::shared_ptr<const ServiceRoute> compileForeignHost(Lookups& lookups,
                                                       const MeshVirtualService& service,
                                                       const std::string& host, uint16_t port,
                                                       const Client& client);

}  // namespace sluice::routing
