// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/open_counts.h"

#include <algorithm>
#include <atomic>

#include "maps/tables.hpp"
#include "userspace/broker/cgroups.h"

namespace sluice::broker {
namespace {

using Field = __u64 connection_stats::*;

template <Table table>
void add(DataPlane& tables, uint32_t id, Field field) {
  if (id == 0) return;  // nobody's, as for the programs
  if (auto* stats = maps::View<table>(tables).shared(id))
    std::atomic_ref(stats->*field).fetch_add(1, std::memory_order_relaxed);
}

void addToAll(DataPlane& tables, const connection& connection, Field field) {
  add<Table::kServiceStats>(tables, connection.binding, field);
  add<Table::kClusterStats>(tables, connection.cluster, field);
  add<Table::kEndpointStats>(tables, connection.endpoint, field);
}

/// Never below 0: it would look like more than anybody has.
void addLive(DataPlane& tables, uint32_t endpoint, int change) {
  auto* load = maps::View<Table::kEndpointLoad>(tables).shared(endpoint);
  if (endpoint == 0 || load == nullptr) return;
  const std::atomic_ref live(load->connections);
  auto before = live.load(std::memory_order_relaxed);
  while ((change > 0 || before > 0) &&
         !live.compare_exchange_weak(before, before + static_cast<__u32>(change),
                                     std::memory_order_relaxed)) {
  }
}

bool isEstablished(const connection& connection) { return (connection.flags & CONN_COUNTED) != 0; }

}  // namespace

Result<uint32_t> OpenCounts::giveBack(WorkloadId workload, int cgroup) {
  const auto sockets = counted(workload, cgroup);
  if (!sockets) return sockets.error();
  for (const auto& socket : *sockets) {
    const auto& connection = *socket.remembered;
    const bool established = isEstablished(connection);
    if (established) addLive(tables_, connection.endpoint, -1);
    addToAll(tables_, connection,
             established ? &connection_stats::closed : &connection_stats::given_up);
  }
  return static_cast<uint32_t>(sockets->size());
}

Result<uint32_t> OpenCounts::takeAgain(WorkloadId workload, int cgroup) {
  const auto sockets = counted(workload, cgroup);
  if (!sockets) return sockets.error();
  for (const auto& socket : *sockets) {
    const auto& connection = *socket.remembered;
    addToAll(tables_, connection, &connection_stats::opened);
    if (!isEstablished(connection)) continue;
    addToAll(tables_, connection, &connection_stats::established);
    addLive(tables_, connection.endpoint, 1);
  }
  return static_cast<uint32_t>(sockets->size());
}

/// Those that the programs of this cgroup follow: a socket stays in the cgroup that it was made in.
Result<std::vector<SeenSocket>> OpenCounts::counted(WorkloadId workload, int cgroup) const {
  const auto diag = SocketDiag::open();
  if (!diag) return diag.error();
  auto sockets = diag->sockets(store_.fd);
  if (!sockets) return sockets;
  const auto cgroups = cgroupIdsBelow(cgroup);
  std::erase_if(*sockets, [&](const SeenSocket& socket) {
    const auto& remembered = socket.remembered;
    return !remembered || remembered->edition != store_.edition ||
           remembered->workload != workload.value || !cgroups.contains(socket.cgroup);
  });
  return sockets;
}

}  // namespace sluice::broker
