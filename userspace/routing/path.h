// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "userspace/routing/route_table.h"
#include "userspace/routing/virtual_services.h"

namespace sluice::routing {

/// Annotation of a VirtualService; the value "connection" draws a weighted HTTP route once per
/// connection, so that it needs no proxy.
inline constexpr const char* kSplitAnnotation = "sluice.io/split";
/// Annotation of a VirtualService: "off", "idle" or "now" instead of the agent's `drain`.
inline constexpr const char* kDrainAnnotation = "sluice.io/drain";
/// Annotation of a VirtualService; the value "drain" lets connections follow changed weights.
inline constexpr const char* kRebalanceAnnotation = "sluice.io/rebalance";

/// What the path of a route depends on, beside the route itself.
struct PathContext {
  const AgentSettings& agent;
  const MeshVirtualService* winner;  ///< that the http rules are of; null when there are none
  const std::vector<Candidate>& candidates;  ///< every VirtualService that names the host
  bool from_entry = false;                   ///< the service itself is a rule: a ServiceEntry
  bool shares_addresses = false;  ///< with other services, which the server name tells apart
};

/// Sets `path` and `reasons` of a route whose rules are complete, and what becomes of connections
/// that it does not lead to any more.
void decidePath(ServiceRoute& route, const PathContext& context);

/// Makes a route of a service that is not exported to the client: connections are left alone.
void hide(ServiceRoute& route);

}  // namespace sluice::routing
