// SPDX-License-Identifier: Apache-2.0
// Resources that are not in a Snapshot, and that analyses look at nevertheless.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "userspace/analysis/file_trees.h"
#include "userspace/analysis/mesh.h"
#include "userspace/source/resource_store.h"

namespace sluice::analysis {

/// What can be read of the resources that `statuses` says are rejected. Those that are defined
/// twice are left out: the first of them is in the snapshot.
std::shared_ptr<const Snapshot> readRefused(const std::vector<source::ResourceStatus>& statuses,
                                            FileTrees& trees);

/// Gateways and the like, of `files` that have any: adds them to `input`.
void readGateways(const std::vector<source::SourceFile>& files, FileTrees& trees, Input& input);

/// Of istioctl's --meshConfig. kInvalid when it is no YAML or no MeshConfig.
Result<MeshConfig> readMeshConfig(const source::SourceFile& file);

/// Whether `file` is the file of a MeshConfig, which says neither apiVersion nor kind.
bool isMeshConfig(const source::SourceFile& file);

}  // namespace sluice::analysis
