// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "userspace/balance/maglev.h"
#include "userspace/balance/spread.h"

namespace sluice::balance {

/// How many slots keep the clients of a cluster with `members` where they are. The number stays as
/// it is from 2 to 16 members, to 64, and to 1024: another number gives all clients new places.
/// 0: there are so few or so many members that spreadOver() serves as well.
uint32_t clientSlots(size_t members);

/// A spread over clientSlots() slots of which a client draws always the same, so that few clients
/// move when a member comes or goes: a Maglev table, each of whose slots is one member's. Up to 128
/// members less than two shares of the clients move, where one share must; beyond, less than a
/// fiftieth of them. Shares are exact to one slot, of which there are 15 or more for each member.
///
/// A member that gets no slot is named by one all the same, which never chooses it: what a cluster
/// names is what may be reached through it. Where no member has a share they are alike. kInvalid:
/// there are too many members, or too few.
Result<Spread> spreadByClient(std::span<const MaglevMember> members);

}  // namespace sluice::balance
