// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "maps/tables.hpp"
#include "userspace/base/random.h"
#include "userspace/proxy/config.h"

namespace sluice::proxy {

/// What of a request may decide its endpoint.
struct Caller {
  WorkloadId workload;
  std::optional<uint64_t> hash = {};  ///< of what the cluster hashes; none: the request lacks it
};

/// Chooses destinations and endpoints, with the arithmetic that the kernel's programs use.
class Balancer {
 public:
  Balancer(Random& random, DataPlane& data_plane) : random_(random), loads_(data_plane) {}

  /// With the probability of its weight; null for a rule without destinations.
  const ProxyCluster* drawCluster(const ProxyRule& rule);

  /// By the cluster's policy, if possible none of `tried`; null when there are no endpoints, or
  /// none that is not ejected.
  const ProxyEndpoint* pick(const ProxyCluster& cluster, std::span<const EndpointId> tried,
                            const Caller& caller);

  /// Of the first priority that none of `tried` is of, one by weight, if possible none that is
  /// ejected; null when every priority has been tried. Localities of one priority are alike.
  const ProxyEndpoint* pickOfOtherPriority(const ProxyCluster& cluster,
                                           std::span<const EndpointId> tried);

  /// True for `millionths` of 1,000,000 draws.
  bool dice(Percent share);

  /// What least request counts, of all workers and in the kernel: a request was sent to an
  /// endpoint, and is over.
  void started(EndpointId endpoint);
  void finished(EndpointId endpoint);

 private:
  uint32_t below(size_t count);
  const ProxyEndpoint& drawn(const ProxyCluster& cluster, uint64_t draw);
  const ProxyEndpoint& propose(const ProxyCluster& cluster, const Caller& caller, int attempt);
  const ProxyEndpoint& byPolicy(const ProxyCluster& cluster);
  const ProxyEndpoint* anyInUse(const ProxyCluster& cluster);
  const ProxyEndpoint& leastRequest(const ProxyCluster& cluster);
  const ProxyEndpoint& roundRobin(const ProxyCluster& cluster);
  uint64_t load(EndpointId endpoint) const;

  Random& random_;
  maps::View<Table::kEndpointLoad> loads_;
  std::vector<uint32_t> turns_;  ///< of round robin, by cluster id
};

}  // namespace sluice::proxy
