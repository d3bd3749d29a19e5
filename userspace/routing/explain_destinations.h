// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/routing/explain.h"

namespace sluice::routing {

/// What an explanation of one client draws on.
struct ExplainContext {
  const Routing& routing;
  const RouteTable& table;
  const ExplainRequest& request;
};

std::vector<ExplainedDestination> explainDestinations(
    const ExplainContext& context, const std::vector<WeightedCluster>& destinations);

/// Which of its destinations exist and can be reached decides the action: some of several may be
/// missing, the answer is local only when all are. Sets `action` and `flag`.
void decideByDestinations(const ExplainContext& context, Explanation& explanation);

}  // namespace sluice::routing
