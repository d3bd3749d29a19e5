// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "userspace/base/result.h"
#include "userspace/broker/socket_diag.h"
#include "userspace/model/connection_store.h"
#include "userspace/model/data_plane.h"
#include "userspace/model/ids.h"

namespace sluice::broker {

/// Live connections whose end the programs that count it do not see, as they are not there (any
/// more): without this an endpoint would look busier than it is for as long as it has its id.
///
/// As long as a workload is attached its sockets are counted, and otherwise they are not. So
/// nothing is remembered: each socket's storage says what it has counted. One that ends between
/// the programs' end and the look at it stays counted, which is a moment. The counters of what has
/// been are left as they are: by them the ids are held that the storage names.
class OpenCounts {
 public:
  /// Borrows `tables` and the store's map.
  OpenCounts(DataPlane& tables, const ConnectionStore& store) : tables_(tables), store_(store) {}

  /// The workload is not attached to `cgroup` (an open directory) any more: its connections, in the
  /// network namespace that the calling thread is in, are live ones no more. Answers how many.
  Result<uint32_t> giveBack(WorkloadId workload, int cgroup);

  /// It is about to be attached there again: those that are still open are.
  Result<uint32_t> takeAgain(WorkloadId workload, int cgroup);

 private:
  Result<uint32_t> addLive(WorkloadId workload, int cgroup, int each);
  Result<std::vector<SeenSocket>> liveSockets(WorkloadId workload, int cgroup) const;

  DataPlane& tables_;
  ConnectionStore store_;
};

}  // namespace sluice::broker
