// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "userspace/base/result.h"
#include "userspace/model/ids.h"
#include "userspace/model/neighbour.h"

namespace sluice::broker {

/// The kernel programs on the workloads' cgroups; they outlive the broker.
class Attachments {
 public:
  virtual ~Attachments() = default;

  /// `cgroup`: an open directory of cgroup2, borrowed for the call. A workload that is attached
  /// there already, by this broker or one before it, stays attached without a gap; one that is
  /// attached elsewhere is moved. After a failure it is attached nowhere.
  virtual Result<void> attach(WorkloadId workload, int cgroup) = 0;

  /// To that cgroup, by this broker or one before it.
  virtual bool isAttached(WorkloadId workload, int cgroup) const = 0;

  /// Does nothing for a workload that is not attached.
  virtual Result<void> detach(WorkloadId workload) = 0;

  /// In any order; those that an earlier broker attached too.
  virtual std::vector<WorkloadId> attached() const = 0;

  /// Programs of others that meet ours on this cgroup, or would, were ours attached to it.
  virtual Neighbours neighbours(int cgroup) const = 0;
};

}  // namespace sluice::broker
