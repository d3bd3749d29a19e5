// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/open_counts.h"

#include <algorithm>
#include <atomic>

#include "maps/tables.hpp"
#include "userspace/broker/cgroups.h"

namespace sluice::broker {
namespace {

bool isLive(const SeenSocket& socket) {
  return socket.remembered->endpoint != 0 && (socket.remembered->flags & CONN_COUNTED) != 0;
}

}  // namespace

Result<uint32_t> OpenCounts::giveBack(WorkloadId workload, int cgroup) {
  return addLive(workload, cgroup, -1);
}

Result<uint32_t> OpenCounts::takeAgain(WorkloadId workload, int cgroup) {
  return addLive(workload, cgroup, 1);
}

Result<uint32_t> OpenCounts::addLive(WorkloadId workload, int cgroup, int each) {
  const auto sockets = liveSockets(workload, cgroup);
  if (!sockets) return sockets.error();
  const maps::View<Table::kEndpointLoad> loads(tables_);
  for (const auto& socket : *sockets)
    if (auto* load = loads.shared(socket.remembered->endpoint))
      std::atomic_ref(load->connections).fetch_add(each, std::memory_order_relaxed);
  return static_cast<uint32_t>(sockets->size());
}

/// Those that the programs of this cgroup follow: a socket stays in the cgroup that it was made in.
Result<std::vector<SeenSocket>> OpenCounts::liveSockets(WorkloadId workload, int cgroup) const {
  const auto diag = SocketDiag::open();
  if (!diag) return diag.error();
  auto sockets = diag->sockets(store_.fd);
  if (!sockets) return sockets;
  const auto cgroups = cgroupIdsBelow(cgroup);
  std::erase_if(*sockets, [&](const SeenSocket& socket) {
    const auto& remembered = socket.remembered;
    return !remembered || remembered->edition != store_.edition ||
           remembered->workload != workload.value || !cgroups.contains(socket.cgroup) ||
           !isLive(socket);
  });
  return sockets;
}

}  // namespace sluice::broker
