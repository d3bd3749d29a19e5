// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "userspace/model/address.h"
#include "userspace/model/resources.h"

namespace sluice::routing {

/// Addresses of pods that have not ended, of everything in EndpointSlices and Endpoints,
/// terminating or not, and of WorkloadEntries: what still exists, whether or not connections are
/// sent there.
std::set<IpAddress> knownAddresses(const Snapshot& snapshot);

}  // namespace sluice::routing
