// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>

#include "userspace/model/ids.h"
#include "userspace/routing/route_table.h"

namespace sluice::steering {

/// The routes that services were planned from, by class.
using PlannedRoutes = std::map<ClientClass, routing::ServiceRoutes>;

PlannedRoutes routesOf(const routing::Routing& routing);

/// Services of which some class has another route than before. Costs what differs.
std::set<routing::ServiceKey> changedServices(const PlannedRoutes& before,
                                              const routing::Routing& routing);

}  // namespace sluice::steering
