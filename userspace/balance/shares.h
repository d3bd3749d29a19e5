// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::balance {

/// Endpoints of one locality and one priority.
struct Group {
  uint32_t priority = 0;
  uint32_t weight = 0;  ///< of the locality in its priority; 0 in all: endpoints' weights decide
  uint32_t others = 0;  ///< endpoints that are not among the members and count as unhealthy
};

struct Member {
  uint32_t group = 0;  ///< index
  double weight = 1;
  bool healthy = true;
};

/// What each member gets of the traffic, relative to the others, as small whole numbers; 0 for
/// those that get nothing. The shares are exact to one part in a million.
///
/// Envoy: priorities spill over with a factor of 1.4; in a priority whose localities have weights
/// the locality is drawn first, its weight reduced as its endpoints become unhealthy, and then an
/// endpoint of it by its own weight. Members of priority p must not leave priorities before p
/// without a group.
std::vector<uint32_t> shares(std::span<const Member> members, std::span<const Group> groups);

}  // namespace sluice::balance
