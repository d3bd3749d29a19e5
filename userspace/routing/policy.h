// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "userspace/routing/destination_rules.h"
#include "userspace/routing/registry_service.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// The blocks that hold for `port` of a service, and where each was written. `rule` and `subset`
/// may be null.
///
/// Istio, MergeSubsetTrafficPolicy: portLevelSettings of the port stand for the whole of the
/// rule's policy, nothing is inherited; the subset's own portLevelSettings replace all four blocks;
/// the subset's policy otherwise replaces the blocks that it has, each whole. Then sessionAffinity
/// of the Service and the mesh's defaultTrafficPolicy fill what is still absent.
ClusterPolicy effectivePolicy(const MergedRule* rule, const MergedRule::PlacedSubset* subset,
                              uint16_t port, const RegistryService& service,
                              const AgentSettings& agent);

/// What is hashed of requests and connections to a cluster under `policy`, its effective one.
HashKeys hashKeys(const MergedRule* rule, const MergedRule::PlacedSubset* subset, uint16_t port,
                  const ClusterPolicy& policy);

/// Whether the proxy must read the request to find what is hashed.
bool hashesTheRequest(const ConsistentHash& key);

}  // namespace sluice::routing
