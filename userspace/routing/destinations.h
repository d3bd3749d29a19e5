// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "userspace/routing/client.h"
#include "userspace/routing/clusters.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

class Lookups;

/// How a destination without a port gets one.
enum class PortDefault {
  kCalled,       ///< the port that was called, as Istio's sidecars do for http rules
  kCalledOrOnly  ///< if the service lacks that one, its only port
};

/// Finds what rules send traffic to, for one client and the port that it called.
/// Borrows what it is given.
class Destinations {
 public:
  Destinations(Lookups& lookups, const Client& client, uint16_t called_port)
      : lookups_(lookups), client_(client), called_port_(called_port) {}

  /// What `to` means in a rule of `rule_namespace`; without a cluster, with the reason, when there
  /// is no such service, port or subset for this client.
  WeightedCluster find(const Destination& to, const std::string& rule_namespace,
                       PortDefault port_default) const;

  /// The weights of one rule. Istio: a single destination gets everything whatever its weight
  /// says; of several, those of weight 0 get nothing.
  std::vector<WeightedCluster> weighted(const std::vector<RouteDestination>& route,
                                        const std::string& rule_namespace,
                                        PortDefault port_default) const;

 private:
  /// Whether an alias stands for another service here.
  bool isFollowed(const RegistryService& alias, PortDefault port_default) const;
  uint16_t portOf(const Destination& to, const RegistryService* service,
                  PortDefault port_default) const;
  std::string whyMissing(const ClusterKey& key, const RegistryService* service) const;

  Lookups& lookups_;
  const Client& client_;
  uint16_t called_port_;
};

}  // namespace sluice::routing
