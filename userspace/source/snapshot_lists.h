// SPDX-License-Identifier: Apache-2.0
// Which list of a Snapshot holds which kind.
#pragma once

#include <tuple>
#include <type_traits>

#include "userspace/model/resources.h"

namespace sluice::source {

inline constexpr auto kSnapshotLists = std::make_tuple(
    &Snapshot::virtual_services, &Snapshot::destination_rules, &Snapshot::service_entries,
    &Snapshot::workload_entries, &Snapshot::sidecars, &Snapshot::services,
    &Snapshot::endpoint_slices, &Snapshot::endpoints, &Snapshot::pods, &Snapshot::nodes,
    &Snapshot::namespaces, &Snapshot::deployments, &Snapshot::workloads);

/// Calls visit(list) for each list.
template <typename S, typename Visit>
void forEachList(S& snapshot, const Visit& visit) {
  std::apply([&](auto... list) { (visit(snapshot.*list), ...); }, kSnapshotLists);
}

}  // namespace sluice::source
