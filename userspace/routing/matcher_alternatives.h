// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "userspace/routing/match/table.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// The rules in the words of routing/match: one alternative for each element of Rule::matches, one
/// without conditions for a rule that has none. Regular expressions are legal already.
std::vector<match::Alternative> alternativesOf(std::span<const Rule> rules);

}  // namespace sluice::routing
