// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "userspace/routing/client.h"
#include "userspace/routing/destination_rules.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// Builds each cluster when it is first asked for, and once, so that routes that mean the same
/// cluster share it. Borrows the registry and the rules.
class Clusters {
 public:
  Clusters(const Registry& registry, const DestinationRules& rules, const AgentSettings& agent);
  ~Clusters();
  Clusters(const Clusters&) = delete;
  Clusters& operator=(const Clusters&) = delete;

  /// Null when the service, its port or the subset does not exist for `client`.
  std::shared_ptr<const Cluster> find(const ClusterKey& key, const Client& client);

  /// Forgets the clusters of services and DestinationRules that are others now (what their
  /// update() returned). Must follow every update of the registry and the rules.
  void update(const std::set<std::string>& changed_services,
              const std::set<std::string>& changed_rules, const AgentSettings& agent);

 private:
  class Builder;

  /// Clients may mean different services and be under different rules.
  struct Meaning {
    ClusterKey key;
    const RegistryService* service = nullptr;
    const MergedRule* rule = nullptr;
    friend auto operator<=>(const Meaning&, const Meaning&) = default;
  };

  const Registry& registry_;
  const DestinationRules& rules_;
  AgentSettings agent_;
  std::map<Meaning, std::unique_ptr<Builder>> builders_;
};

}  // namespace sluice::routing
