// SPDX-License-Identifier: Apache-2.0
// What routing has made of the configuration, as items of the admin socket and of `-o json`.
#pragma once

#include <map>
#include <string>

#include "userspace/balance/outlier_detector.h"
#include "userspace/observe/json.h"
#include "userspace/routing/route_table.h"

namespace sluice::observe {

/// One item for each port of each service, as clients see it that no rule distinguishes:
/// {namespace, name, host, port, protocol, addresses, path, virtualService}.
Json serviceItems(const routing::Routing& routing);

/// One item for each rule of each service and client class:
/// {namespace, name, host, port, clients, virtualService, rule, ruleName, match, destinations,
///  fault, timeout, path, reasons}. `clients` is empty for clients that no rule distinguishes.
Json routeItems(const routing::Routing& routing);

/// One item for each endpoint of each destination that a route names:
/// {namespace, cluster, host, port, subset, address, pod, state}. `state` is "ejected" for those
/// that `outliers`, by routing::clusterName(), says it of, else "ready".
using Outliers = std::map<std::string, balance::OutlierDetector::Status>;
Json endpointItems(const routing::Routing& routing, const Outliers& outliers = {});

/// "method exact GET and headers[user-group] exact beta", alternatives joined by " or "; "*" for
/// everything.
std::string matchText(const std::vector<routing::RequestMatch>& matches);

/// {delay: {fixedDelay, percent}, abort: {httpStatus or grpcStatus, percent}}, parts that are not
/// set left out.
Json faultView(const HttpFaultInjection& fault);

/// "http", "http2", "grpc", "tls", "tcp", "unknown".
const char* protocolName(routing::Protocol protocol);

/// [{code, field, text}]
Json reasonViews(const std::vector<routing::Reason>& reasons);

}  // namespace sluice::observe
