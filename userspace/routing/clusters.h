// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "userspace/routing/destination_rules.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// Builds each cluster once, so that routes that mean the same cluster share it.
/// Borrows what it is given.
class Clusters {
 public:
  Clusters(const Registry& registry, const DestinationRules& rules)
      : registry_(registry), rules_(rules) {}

  /// Null when the service, its port or the subset does not exist for these clients.
  std::shared_ptr<const Cluster> find(const ClusterKey& key, const std::string& client_namespace);

 private:
  const Registry& registry_;
  const DestinationRules& rules_;
  /// By the DestinationRule too: clients of different namespaces may be under different ones.
  std::map<std::tuple<ClusterKey, const MergedRule*>, std::shared_ptr<const Cluster>> built_;
};

}  // namespace sluice::routing
