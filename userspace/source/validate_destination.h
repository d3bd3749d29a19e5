// SPDX-License-Identifier: Apache-2.0
// Where a rule sends to; the same for http, tls and tcp.
#pragma once

#include <vector>

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// Istio: validateDestination.
void checkDestination(const Destination& destination, const FieldPath& path, Findings& findings);

/// Istio: validateHTTPRouteDestinations, validateRouteDestinations; headers are looked at by
/// validate_headers.h. `path` is the list's.
void checkDestinations(const std::vector<RouteDestination>& route, const FieldPath& path,
                       Findings& findings);

}  // namespace sluice::source
