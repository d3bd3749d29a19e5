// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "userspace/agent/cluster_states.h"
#include "userspace/proxy/config.h"
#include "userspace/routing/route_table.h"
#include "userspace/steering/steering.h"

namespace sluice::agent {

/// What the proxy needs of `routing`, with the numbers that `steering` has just staged for it, for
/// the same `health`. Routes of the connect path are in it too: connections that were proxied
/// before go on. What `previous` has of the very same routes and numbers is shared with it, unless
/// the health of a cluster of theirs was another.
Result<std::shared_ptr<const proxy::ProxyConfig>> makeProxyConfig(
    const std::shared_ptr<const routing::Routing>& routing, const steering::Steering& steering,
    const routing::Health& health, ClusterStates& states, const proxy::ProxyConfig& previous);

/// `config`, and what `previous` has of the services that steering has `refused`: the kernel goes
/// on sending connections by their last good routes.
std::shared_ptr<const proxy::ProxyConfig> keepRefused(
    std::shared_ptr<const proxy::ProxyConfig> config, const proxy::ProxyConfig& previous,
    const std::vector<steering::Refusal>& refused);

}  // namespace sluice::agent
