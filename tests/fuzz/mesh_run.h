// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/memory_data_plane.h"
#include "userspace/base/clock.h"
#include "userspace/routing/admission.h"
#include "userspace/routing/hold_back.h"
#include "userspace/routing/resolver.h"
#include "userspace/source/resource_store.h"
#include "userspace/steering/steering.h"

namespace sluice::test {

/// What the agent does with its configuration, state after state, over tables in memory that are
/// small enough to fill up.
class MeshRun {
 public:
  MeshRun();

  /// `files`: all there are now.
  void update(std::vector<source::SourceFile> files);

  /// Of the last state, for every class of clients and both modes.
  void explainCalls() const;

  /// Requires that the last state is resolved as if nothing had been before it, and, unless
  /// something in them is wrong, that `files` alone make this state.
  void checkAsAtOnce(const std::vector<source::SourceFile>& files) const;

 private:
  void steer(std::shared_ptr<const routing::Routing> routing);

  sluice::test::ManualClock clock_;
  MemoryDataPlane tables_;
  std::unique_ptr<steering::Steering> steering_;
  source::ResourceStore store_;
  routing::Admission admission_;
  routing::HoldBack hold_back_;
  std::shared_ptr<const Snapshot> in_force_ = std::make_shared<const Snapshot>();
  routing::Resolver address_resolver_, host_resolver_;  ///< of httpMode service and istio
  std::shared_ptr<const routing::Routing> by_address_, by_host_;
  std::shared_ptr<const routing::Routing> staged_;  ///< steering borrows it
};

}  // namespace sluice::test
