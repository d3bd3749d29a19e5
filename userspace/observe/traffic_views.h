// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/observe/json.h"
#include "userspace/observe/traffic.h"

namespace sluice::observe {

/// Items {kind: service|destination|endpoint|route, name, subset, opened, established, failed,
/// closed, active, sentBytes, receivedBytes, requests, responses2xx, …}; `active` of endpoints
/// only.
Json trafficItems(const Traffic& traffic);

}  // namespace sluice::observe
