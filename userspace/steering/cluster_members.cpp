// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/cluster_members.h"

namespace sluice::steering {
namespace {

/// `even`: of the shares (balance::Spread).
uint32_t policyNumber(routing::BalancePolicy policy, bool even) {
  switch (policy) {
    case routing::BalancePolicy::kRandom:
      return BALANCE_RANDOM;
    case routing::BalancePolicy::kRoundRobin:
      return BALANCE_ROUND_ROBIN;
    case routing::BalancePolicy::kLeastRequest:
      return even ? BALANCE_LEAST_REQUEST : BALANCE_RANDOM;
    case routing::BalancePolicy::kClient:
      return BALANCE_CLIENT;
    case routing::BalancePolicy::kRequest:  // a connection says nothing of it
      return BALANCE_RANDOM;
  }
  return BALANCE_RANDOM;
}

}  // namespace

ClusterContent contentOf(routing::BalancePolicy policy, const ClusterMembers& members,
                         const balance::Spread& spread) {
  ClusterContent content;
  for (const auto& slot : spread.slots)
    content.slots.push_back({slot.threshold, members.ids[slot.own], members.ids[slot.alias]});
  content.head.shape = static_cast<uint32_t>(content.slots.size()) << 8 | CLUSTER_EXISTS |
                       policyNumber(policy, spread.even);
  return content;
}

}  // namespace sluice::steering
