// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/observe/json.h"
#include "userspace/routing/explain.h"

namespace sluice::observe {

/// The contract of `sluicectl explain -o json`: {apiVersion, kind: Explanation, action, status,
/// flag, to, service, rule, losers, destinations, policy, rewrite, upstreamPath, location, body,
/// grpcStatus, responseHeaders, path, reasons, skipped, warnings}; one object, no list.
Json explanationView(const routing::Explanation& explanation);

/// {from, host, port, method, path, authority, headers: [[name, value]…], protocol, sni}: a call as
/// the admin socket carries it.
Json callView(const routing::ExplainRequest& call);

/// The other way round; kInvalid when a field is missing or has another type.
Result<routing::ExplainRequest> readCall(const Json& json);

}  // namespace sluice::observe
