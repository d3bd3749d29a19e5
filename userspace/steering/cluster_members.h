// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "userspace/balance/spread.h"
#include "userspace/routing/route_table.h"
#include "userspace/steering/contents.h"

namespace sluice::steering {

/// A cluster's endpoints of one family; all lists have the same order.
struct ClusterMembers {
  std::vector<uint32_t> ids, shares;
  std::vector<std::string> names;  ///< texts of the addresses
};

/// What the tables shall hold of a cluster whose `members` are drawn by `spread`; where its slots
/// are is not decided yet.
ClusterContent contentOf(routing::BalancePolicy policy, const ClusterMembers& members,
                         const balance::Spread& spread);

}  // namespace sluice::steering
