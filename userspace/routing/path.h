// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// Annotation of a VirtualService; the value "connection" draws a weighted HTTP route once per
/// connection, so that it needs no proxy.
inline constexpr const char* kSplitAnnotation = "sluice.io/split";

/// Sets `path` and `reasons` of a route whose rules are complete. `service` is the VirtualService
/// that owns the host, also when none of its rules is in the route; null when there is none.
void decidePath(ServiceRoute& route, const VirtualService* service);

/// Makes a route of a service that is not exported to the client: connections are left alone.
void hide(ServiceRoute& route);

}  // namespace sluice::routing
