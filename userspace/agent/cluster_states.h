// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "userspace/balance/outlier_watch.h"
#include "userspace/balance/warmup.h"
#include "userspace/base/reactor.h"
#include "userspace/observe/scrape.h"
#include "userspace/proxy/cluster_pool.h"
#include "userspace/proxy/tls/clients.h"
#include "userspace/routing/health.h"

namespace sluice::agent {

/// What the agent knows of clusters that outlives a configuration, by routing::clusterName().
/// Belongs to the control thread.
struct ClusterStates {
  /// `changed`: health() is another; on the reactor's thread.
  ClusterStates(Reactor& reactor, const std::function<void()>& changed)
      : outliers(reactor, changed), warmups(reactor, changed) {}

  routing::Health health() const { return {outliers.avoided(), warmups.percents()}; }

  std::vector<observe::ClusterFacts> facts() const {
    std::vector<observe::ClusterFacts> all;
    for (const auto& [cluster, status] : outliers.status())
      all.push_back({cluster, status.ejected.size(), status.ejections, status.held_ejections, 0});
    for (const auto& [cluster, use] : pools.all())
      all.push_back({cluster, 0, 0, 0, use->overflows.load(std::memory_order_relaxed)});
    return all;
  }

  void forgetUnused() {
    tls.forgetUnused();
    outliers.forgetUnused();
    warmups.forgetUnused();
    pools.forgetUnused();
  }

  balance::OutlierWatch outliers;
  balance::WarmupWatch warmups;
  proxy::PoolUses pools;
  tls::Clients tls;
};

}  // namespace sluice::agent
