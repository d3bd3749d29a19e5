// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// Resolves every rule of `snapshot` for every class of clients among its Workloads.
/// Every table has every port of every service, also those without an address of their own.
Routing resolve(const Snapshot& snapshot);

/// The same for one client alone, "namespace/name" of a Workload or else of a Pod; class 0 is
/// there too. kNotFound when the snapshot has neither.
Result<Routing> resolveFor(const Snapshot& snapshot, const std::string& client);

}  // namespace sluice::routing
