// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "loader/hooks.h"
#include "loader/pins.h"
#include "userspace/base/result.h"
#include "userspace/model/ids.h"

namespace sluice::loader {

/// The pinned links of all workloads: seven for each, or none.
class Links {
 public:
  /// `storage_map` is the frozen `workload` map. The descriptors stay the caller's and must
  /// outlive this object.
  Links(PinPaths paths, ProgramFds programs, int storage_map);

  /// Swaps the programs into the links that an earlier process has left, and removes what is
  /// left of cgroups that are gone and of attachments that were not finished. kUnsupported when
  /// a link has another cgroup storage than `storage_map`; then nothing has been changed for
  /// that workload.
  Result<void> adopt();

  /// All or nothing; does nothing when the cgroup has this workload's links already. Links of
  /// the workload in another cgroup are removed first.
  Result<void> attach(WorkloadId workload, int cgroup_fd);

  /// Does nothing when there are none.
  Result<void> detach(WorkloadId workload);

  /// In ascending order.
  std::vector<WorkloadId> attached() const;

 private:
  Result<void> adoptWorkload(WorkloadId workload);
  Result<void> attachHooks(WorkloadId workload, int cgroup_fd, uint64_t cgroup);
  Result<void> attachHook(size_t hook, WorkloadId workload, int cgroup_fd);
  Result<void> checkStorage(int link_fd) const;
  bool isAttachedTo(WorkloadId workload, uint64_t cgroup) const;

  PinPaths paths_;
  ProgramFds programs_;
  int storage_map_;
};

}  // namespace sluice::loader
