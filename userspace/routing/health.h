// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// "outbound|80|v1|catalog.shop.svc.cluster.local@shop/catalog": the same for all clients that mean
/// the same by it, also after a change of its endpoints; nothing after the host for a cluster that
/// is the same for everybody.
std::string clusterName(const Cluster& cluster);

/// What is known of endpoints at present that no resource says. Immutable.
struct Health {
  /// Endpoints that must get nothing, by the name of their cluster; none without any.
  std::map<std::string, std::set<SocketAddress>> avoided;
  /// What endpoints that are warming up get of their share, in percent below 100; likewise.
  std::map<std::string, std::map<SocketAddress, uint32_t>> warmth = {};
  friend bool operator==(const Health&, const Health&) = default;
};

/// Names of the clusters whose endpoints are in another state than before.
std::set<std::string> changedClusters(const Health& before, const Health& after);

/// Every cluster that a route may use, each once.
std::set<const Cluster*> clustersOf(const ServiceRoute& route);

/// Whether a route may send something to one of the named clusters.
bool usesAny(const ServiceRoute& route, const std::set<std::string>& clusters);

/// What each endpoint gets of the cluster's traffic, as endpointShares() divides it; empty when
/// nobody is left, though there are endpoints.
std::vector<uint32_t> sharesUnder(const Health& health, const Cluster& cluster);

}  // namespace sluice::routing
