// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/routing/explain_destinations.h"

namespace sluice::routing {

/// What the http rules of `route` make of the request; `called_port` is the port that was called.
/// Fills what `explanation` does not hold yet. kInvalid when a regular expression of the rules does
/// not compile.
Result<void> explainHttp(const ExplainContext& context, const ServiceRoute& route,
                         uint16_t called_port, Explanation& explanation);

/// The Host header of the request.
std::string authorityOf(const ExplainRequest& request);

}  // namespace sluice::routing
