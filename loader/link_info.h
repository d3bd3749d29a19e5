// SPDX-License-Identifier: Apache-2.0
// For this folder's sources alone.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "userspace/base/result.h"

namespace sluice::loader {

Result<bpf_link_info> linkInfo(int link);
Result<bpf_map_info> mapInfo(int map);

/// Ids of the maps that a program uses.
Result<std::vector<uint32_t>> mapsOf(uint32_t program_id);

/// The cgroup has been removed: nobody can run the program any more.
bool isGone(int link);

/// kUnsupported unless the attached program has the cgroup storage `storage_map`. Swapping a
/// program keeps the storage of the link's first program; one that was compiled for another map
/// would read foreign kernel memory, and the kernel does not refuse it.
Result<void> checkStorage(int link, int storage_map);

}  // namespace sluice::loader
