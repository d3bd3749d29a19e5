// SPDX-License-Identifier: Apache-2.0
// Policies of rules and destinations as JSON, with the fields of Istio's API. What is not said is
// left out: Istio's default holds. Where something else is done than was written (a table instead
// of a ring), they say what is done.
#pragma once

#include "userspace/observe/json.h"
#include "userspace/routing/route_table.h"

namespace sluice::observe {

/// {loadBalancer, connectionPool, outlierDetection, tls, tunnel, proxyProtocol, retryBudget}, each
/// with `from`, the place that it was written in.
Json clusterPolicyView(const routing::ClusterPolicy& policy);

/// HTTPRetry; `attempts` is always there.
Json retryView(const HttpRetry& retry);

/// CorsPolicy; the deprecated `allowOrigin` stands among `allowOrigins`.
Json corsView(const CorsPolicy& cors);

/// {request: {set, add, remove}, response: {…}}
Json headersView(const Headers& headers);

}  // namespace sluice::observe
