// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "userspace/proxy/config.h"
#include "userspace/routing/route_table.h"
#include "userspace/steering/steering.h"

namespace sluice::agent {

/// What the proxy needs of `routing`, with the numbers that `steering` has just staged for it.
/// Services that steering refused are left out: their listeners are not reached. Routes of the
/// connect path are in it too: connections that were proxied before go on.
Result<std::shared_ptr<const proxy::ProxyConfig>> makeProxyConfig(
    const routing::Routing& routing, const steering::Steering& steering);

}  // namespace sluice::agent
