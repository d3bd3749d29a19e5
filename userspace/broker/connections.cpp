// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/connections.h"

#include <set>
#include <utility>

namespace sluice::broker {
namespace {

/// Several workloads may share a namespace: a record says whose it is, and a cgroup of what was
/// not steered.
bool isOf(WorkloadId workload, const std::set<uint64_t>& cgroups, uint32_t edition,
          const SeenSocket& socket) {
  if (!socket.remembered) return cgroups.contains(socket.cgroup);
  return socket.remembered->edition == edition && socket.remembered->workload == workload.value;
}

Result<void> add(WorkloadId workload, const std::set<uint64_t>& cgroups, const SocketDiag& diag,
                 const ConnectionStore& store, std::vector<WorkloadConnection>& connections) {
  const auto sockets = diag.sockets(store.fd);
  if (!sockets) return sockets.error();
  for (const auto& socket : *sockets) {
    if (!isOf(workload, cgroups, store.edition, socket)) continue;
    connections.push_back(
        {workload, socket.local(), socket.peer(), socket.state, socket.remembered});
  }
  return {};
}

}  // namespace

Result<std::vector<WorkloadConnection>> listConnections(const Enrolments& enrolments,
                                                        const NamespaceVisitor& visitor,
                                                        const ConnectionStore& store) {
  std::vector<WorkloadConnection> connections;
  Result<void> outcome;
  for (const auto workload : enrolments.workloads()) {
    const auto cgroups = cgroupIdsBelow(enrolments.cgroupOf(workload));
    const auto diag = visitor.visit(*enrolments.namespaceOf(workload), &SocketDiag::open);
    auto added =
        diag.ok() ? add(workload, cgroups, *diag, store, connections) : Result<void>(diag.error());
    if (!added && outcome.ok()) outcome = std::move(added);
  }
  if (!outcome) return std::move(outcome).error();
  return connections;
}

}  // namespace sluice::broker
