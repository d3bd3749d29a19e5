// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/endpoint_shares.h"

#include <map>
#include <string_view>
#include <utility>

#include "userspace/balance/shares.h"

namespace sluice::routing {
namespace {

/// Indices of the cluster's groups by priority and locality.
class GroupIndex {
 public:
  explicit GroupIndex(const Cluster& cluster) {
    for (const auto& group : cluster.groups)
      indices_.try_emplace({group.priority, group.locality},
                           static_cast<uint32_t>(indices_.size()));
  }

  /// 0 where localities do not matter: all are in one group then.
  uint32_t of(const ClusterEndpoint& endpoint) const {
    const auto at = indices_.find({endpoint.priority, endpoint.locality});
    return at == indices_.end() ? 0 : at->second;
  }

 private:
  std::map<std::pair<uint32_t, std::string_view>, uint32_t> indices_;
};

std::vector<balance::Group> groupsOf(const Cluster& cluster) {
  std::vector<balance::Group> groups;
  groups.reserve(cluster.groups.size() + 1);
  for (const auto& group : cluster.groups)
    groups.push_back({group.priority, group.weight, group.not_ready});
  if (groups.empty()) groups.emplace_back();
  return groups;
}

}  // namespace

std::vector<uint32_t> endpointShares(const Cluster& cluster,
                                     std::span<const EndpointState> states) {
  const GroupIndex index(cluster);
  std::vector<balance::Member> members;
  members.reserve(cluster.endpoints.size());
  for (size_t i = 0; i < cluster.endpoints.size(); ++i) {
    const auto& endpoint = cluster.endpoints[i];
    const EndpointState state = states.empty() ? EndpointState() : states[i];
    members.push_back(
        {index.of(endpoint), endpoint.weight * (state.percent / 100.0), state.healthy});
  }
  return balance::shares(members, groupsOf(cluster));
}

}  // namespace sluice::routing
