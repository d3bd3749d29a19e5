// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "userspace/base/result.h"
#include "userspace/broker/socket_diag.h"
#include "userspace/model/connection_store.h"
#include "userspace/model/data_plane.h"
#include "userspace/model/ids.h"

namespace sluice::broker {

/// Connections that are counted as open while the programs that would count their end are not there
/// (any more): without this an endpoint would look busier than it is for ever, and its id would
/// never be free.
///
/// As long as a workload is attached its sockets are counted, and otherwise they are not. So
/// nothing is remembered: each socket's storage says what it has counted. One that ends between
/// the programs' end and the look at it stays counted, which is a moment.
class OpenCounts {
 public:
  /// Borrows `tables` and the store's map.
  OpenCounts(DataPlane& tables, const ConnectionStore& store) : tables_(tables), store_(store) {}

  /// The workload is not attached to `cgroup` (an open directory) any more: what its sockets have
  /// counted as open, in the network namespace that the calling thread is in, is counted as closed,
  /// and as given up where it was not established. Answers how many.
  Result<uint32_t> giveBack(WorkloadId workload, int cgroup);

  /// It is about to be attached there again: those that are still open are counted as opened and
  /// established once more.
  Result<uint32_t> takeAgain(WorkloadId workload, int cgroup);

 private:
  Result<std::vector<SeenSocket>> counted(WorkloadId workload, int cgroup) const;

  DataPlane& tables_;
  ConnectionStore store_;
};

}  // namespace sluice::broker
