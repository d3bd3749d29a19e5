// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "loader/hooks.h"
#include "loader/pins.h"
#include "loader/program_swap.h"
#include "userspace/base/result.h"
#include "userspace/model/ids.h"

namespace sluice::loader {

/// The pinned links of all workloads: seven for each, or none.
class Links {
 public:
  /// `storage_map` is the frozen `workload` map. The descriptors stay the caller's and must
  /// outlive this object.
  Links(PinPaths paths, ProgramFds programs, int storage_map);

  /// Swaps the programs into the links that an earlier process of this schema has left, and
  /// removes what is left of cgroups that are gone and of attachments that were not finished. When
  /// one cannot be swapped all keep their old programs. kUnsupported: a link has another cgroup
  /// storage than `storage_map`.
  Result<void> adopt();

  /// All or nothing; does nothing when the cgroup has this workload's links already. Links of
  /// the workload in another cgroup are removed first. Links that a version of another schema has
  /// left in this cgroup stay as they are, and wait for takeOver().
  Result<void> attach(WorkloadId workload, int cgroup_fd);

  /// Whether it has its links in that cgroup, of this schema or another.
  bool isAttached(WorkloadId workload, int cgroup_fd) const;

  /// Does nothing when there are none. Of every schema.
  Result<void> detach(WorkloadId workload);

  /// In ascending order, those that wait and those that nobody has asked for yet included.
  std::vector<WorkloadId> attached() const;

  /// Workloads that another schema's programs steer, with every hook.
  std::vector<WorkloadId> steeredByOthers() const;

  /// Workloads that were attached here while another schema's programs steer them.
  std::vector<WorkloadId> waiting() const;

  /// Puts this version's programs into those links. To be called when this version's tables can
  /// steer the workload: its next connect() goes by them. After a failure the old programs steer
  /// on and it waits no longer, until it is attached again.
  Result<void> takeOver(WorkloadId workload);

  /// Removes the tables of schemas that steer nobody any more.
  Result<void> removeForgotten();

 private:
  Result<bool> isUsable(WorkloadId workload) const;
  Result<void> swapAll(WorkloadId workload, ProgramSwap& swap);
  Result<void> attachHooks(WorkloadId workload, int cgroup_fd, uint64_t cgroup);
  Result<void> attachHook(size_t hook, WorkloadId workload, int cgroup_fd);
  bool isAttachedTo(WorkloadId workload, uint64_t cgroup) const;

  std::vector<PinPaths> inheritance(WorkloadId workload) const;
  bool isInherited(WorkloadId workload) const;
  bool isInheritedFrom(WorkloadId workload, uint64_t cgroup) const;
  bool isGoneFrom(WorkloadId workload, const PinPaths& other) const;
  std::filesystem::path inheritedPin(WorkloadId workload, const PinPaths& other,
                                     const Hook& hook) const;
  Result<void> takeOverLater(WorkloadId workload, int cgroup_fd);
  Result<void> swapInherited(WorkloadId workload, const PinPaths& other, int cgroup_fd);
  Result<void> moveInherited(WorkloadId workload, const PinPaths& other);

  PinPaths paths_;
  ProgramFds programs_;
  int storage_map_;
  std::map<WorkloadId, Fd> waiting_;  ///< the cgroup of each
};

}  // namespace sluice::loader
