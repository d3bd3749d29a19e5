// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/registry_service.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// How traffic to a cluster depends on where its clients and endpoints run.
struct LocalityPolicy {
  enum class Kind { kDistribute, kFailover };
  Kind kind = Kind::kFailover;
  LocalityLbSetting setting;
};

/// Nothing: where things run does not matter. Istio: localityLbSetting of the DestinationRule
/// stands for the mesh's whole, trafficDistribution of the Service for the mesh's; distribute needs
/// nothing else, failover needs outlierDetection, because nothing else makes an endpoint that is
/// ready unhealthy, except with trafficDistribution.
std::optional<LocalityPolicy> localityPolicy(const ClusterPolicy& policy,
                                             const RegistryService& service,
                                             const AgentSettings& agent);

/// The labels of a client that `policy` looks at.
std::set<std::string> labelsOf(const LocalityPolicy& policy);

/// Gives `endpoints`, those that are not ready included, to `cluster` as the client with
/// `client_labels` sees them: priorities, localities and their weights. Without a policy all are
/// alike.
void placeEndpoints(const std::vector<const RegistryEndpoint*>& endpoints,
                    const std::optional<LocalityPolicy>& policy, const Labels& client_labels,
                    Cluster& cluster);

}  // namespace sluice::routing
