// SPDX-License-Identifier: Apache-2.0
// For this folder's sources alone.
#pragma once

#include <cstdint>

#include "userspace/model/neighbour.h"

namespace sluice::loader {

/// Whose programs are attached to our hooks where they meet those of the cgroup: they run for its
/// processes, or would, were none attached below them. Programs that use the map of this id are
/// ours. What cannot be looked at is left out: who asks needs CAP_NET_ADMIN and CAP_SYS_ADMIN.
Neighbours otherPrograms(int cgroup_fd, uint32_t storage_map_id);

}  // namespace sluice::loader
