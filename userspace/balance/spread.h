// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "userspace/balance/alias_table.h"

namespace sluice::balance {

/// How a cluster's traffic is spread over those of its members that can be reached.
struct Spread {
  std::vector<alias_slot> slots;  ///< over the members' indices
  bool alike = true;              ///< all have the same share
  /// Those that have a share have the same. Only then may the load have a say (LEAST_REQUEST):
  /// elsewhere it would bend the shares, as a member that shall get more also has more to do.
  bool even = true;
};

/// By `shares` of the members. Where none has a share they are alike: better one of these than
/// none. kInvalid: there are too many (aliasTable()).
Result<Spread> spreadOver(std::span<const uint32_t> shares);

}  // namespace sluice::balance
