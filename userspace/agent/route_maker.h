// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "userspace/agent/cluster_states.h"
#include "userspace/balance/maglev.h"
#include "userspace/proxy/config.h"
#include "userspace/routing/health.h"
#include "userspace/routing/matcher_pool.h"
#include "userspace/steering/steering.h"

namespace sluice::agent {

/// Makes what the proxy needs of routes, for one configuration. What is made of rules is shared by
/// what shares these: the families of a service, the services of a wildcard. Matchers are shared by
/// all rules that ask for the same. Borrows what it is given.
class RouteMaker {
 public:
  /// `previous`: of it come the matchers of routes that something else has changed about.
  RouteMaker(const steering::Steering& steering, const routing::Health& health,
             ClusterStates& states, const proxy::ProxyConfig& previous)
      : steering_(steering), health_(health), states_(states), previous_(previous) {}

  /// `placement`: of the route on `family`. What cannot be compiled is an error.
  Result<std::shared_ptr<const proxy::ProxyRoute>> make(
      const std::shared_ptr<const routing::ServiceRoute>& route, routing::Family family,
      const steering::Placement& placement);

 private:
  using Monitors = std::vector<std::shared_ptr<balance::OutlierMonitor>>;
  struct Rules {
    std::shared_ptr<const routing::Matcher> matcher;
    std::shared_ptr<const std::vector<proxy::ProxyRule>> rules;
  };

  Result<void> addPlain(proxy::ProxyRoute& route);
  Result<void> addL4Rules(proxy::ProxyRoute& route);
  Result<Rules> rulesOf(const routing::ServiceRoute& route);
  Result<std::shared_ptr<const routing::Matcher>> matcherOf(const routing::ServiceRoute& route);
  Result<proxy::ProxyRule> makeRule(const routing::Rule& rule, uint16_t port);
  Result<proxy::ProxyCluster> makeCluster(const routing::WeightedCluster& destination);
  Monitors addStates(proxy::ProxyCluster& made);
  Result<void> addSpread(proxy::ProxyCluster& made, const std::vector<uint32_t>& shares);
  bool keepsClients(const proxy::ProxyCluster& made) const;
  Result<void> addHashTable(proxy::ProxyCluster& made, const std::vector<uint32_t>& shares);

  const steering::Steering& steering_;
  const routing::Health& health_;
  ClusterStates& states_;
  const proxy::ProxyConfig& previous_;
  std::unordered_map<const std::vector<routing::Rule>*, Rules> rules_;
  routing::MatcherPool pool_;
  std::map<std::pair<const routing::Cluster*, uint32_t>,
           std::shared_ptr<const balance::MaglevTable>>
      hash_tables_;  ///< by size
};

}  // namespace sluice::agent
