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

/// For a machine with so much memory: everything from 4 GiB on, where the tables take less than
/// 2 % of it, and in proportion below, down to a sixteenth.
Capacity capacityFor(uint64_t memory_bytes);

/// Of this machine's memory, or of what this process's cgroups may use, if that is less: the maps
/// count as theirs.
Capacity capacityOfMachine();

/// How many entries a table gets; never more than maps/abi/limits.h says.
uint32_t entriesOf(Table table, const Capacity& capacity);

}  // namespace sluice::loader
