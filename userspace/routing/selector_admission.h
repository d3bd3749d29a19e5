// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "userspace/routing/hold_back.h"
#include "userspace/routing/refusals.h"

namespace sluice::routing {

/// Admits ServiceEntries with selectors as long as all of them together select no more endpoints
/// than `limit`, counted for each host and port. Those that were admitted come first, then the
/// smaller. The workloads are not theirs to refuse: where they become too many, the largest
/// selections go.
class SelectorAdmission {
 public:
  explicit SelectorAdmission(uint64_t limit) : limit_(limit) {}

  /// As Admission::update().
  Consistent update(std::shared_ptr<const Snapshot> next);

 private:
  class Choice;

  void follow(const Snapshot& next);

  uint64_t limit_;
  /// What the refusals are the answer to.
  Snapshot::List<ServiceEntry> entries_;
  Snapshot::List<WorkloadEntry> workloads_;
  Snapshot::List<Pod> pods_;
  bool has_selectors_ = false;
  Refusals<ServiceEntry> refused_;
  std::vector<HeldBack> held_;
};

}  // namespace sluice::routing
