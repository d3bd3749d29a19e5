// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "loader/kernel.h"
#include "userspace/broker/attachments.h"

namespace sluice::broker {

/// The attachments of the loaded programs. Borrows the kernel.
class KernelAttachments final : public Attachments {
 public:
  explicit KernelAttachments(loader::Kernel& kernel) : kernel_(kernel) {}

  Result<void> attach(WorkloadId workload, int cgroup) override {
    return kernel_.attach(workload, cgroup);
  }
  Result<void> detach(WorkloadId workload) override { return kernel_.detach(workload); }
  std::vector<WorkloadId> attached() const override { return kernel_.attached(); }

 private:
  loader::Kernel& kernel_;
};

}  // namespace sluice::broker
