// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "maps/abi/types.h"
#include "userspace/base/result.h"

namespace sluice::balance {

/// The alias table of `weights`: one slot for each, whose `own` and `alias` are indices into
/// `weights`. A draw of 64 bits is multiplied by the number of slots: the upper half of the
/// product is the slot, the lower half is compared with the threshold.
///
/// Alias method (Vose 1991) on integers, so that no rounding favours a destination: over all 2^64
/// draws each index is drawn as often as its exact share says, give or take the number of slots.
///
/// kInvalid: no weight is greater than zero, or there are more than 2^32 - 1 of them.
Result<std::vector<alias_slot>> aliasTable(std::span<const uint32_t> weights);

/// The table of `count` equal shares; empty for 0.
std::vector<alias_slot> evenTable(uint32_t count);

}  // namespace sluice::balance
