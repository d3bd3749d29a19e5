// SPDX-License-Identifier: Apache-2.0
// Policies of rules and destinations as JSON, under the names of Istio's API. What is not said is
// left out: Istio's default holds.
#pragma once

#include "userspace/observe/json.h"
#include "userspace/routing/route_table.h"

namespace sluice::observe {

/// {loadBalancer, connectionPool, outlierDetection, tls, tunnel, proxyProtocol, retryBudget}, each
/// with `from`, the place that it was written in.
Json clusterPolicyView(const routing::ClusterPolicy& policy);

/// {attempts, perTryTimeout, retryOn, backoff, …}
Json retryView(const HttpRetry& retry);

/// {allowOrigins, allowMethods, allowHeaders, exposeHeaders, maxAge, allowCredentials,
/// unmatchedPreflights}
Json corsView(const CorsPolicy& cors);

/// {request: {set, add, remove}, response: {…}}
Json headersView(const Headers& headers);

}  // namespace sluice::observe
