// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "maps/abi/limits.h"
#include "userspace/model/data_plane.h"

namespace sluice::loader {

/// What the tables have room for. The other tables go with the one or the other.
struct Capacity {
  uint32_t services = SLUICE_MAX_SERVICES;    ///< addresses and ports; 1 to SLUICE_MAX_SERVICES
  uint32_t endpoints = SLUICE_MAX_ENDPOINTS;  ///< 1 to SLUICE_MAX_ENDPOINTS
};

/// For a machine with so much memory, of which this process may use `limit_bytes`: everything from
/// 4 GiB on, where the tables take less than 2 % of it, and in proportion below, down to a
/// sixteenth. A limit counts four times, as nobody else uses that memory.
Capacity capacityFor(uint64_t memory_bytes, uint64_t limit_bytes = UINT64_MAX);

/// Of this machine, and of this process's cgroups: maps count as theirs.
Capacity capacityOfMachine();

/// How many entries a table gets; never more than maps/abi/limits.h says.
uint32_t entriesOf(Table table, const Capacity& capacity);

}  // namespace sluice::loader
