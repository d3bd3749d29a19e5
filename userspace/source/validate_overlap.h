// SPDX-License-Identifier: Apache-2.0
// Matches that an earlier match covers without being equal to it.
#pragma once

#include <cstddef>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// Which entry of which rule's `match`.
struct MatchPlace {
  size_t rule = 0;
  size_t match = 0;
};

/// Istio: coveredValidation. Reports each of `matches` whose uri prefix extends that of an earlier
/// one while its other conditions let no more pass. `matches` are in the order of the rules, no
/// two of them equal; `path` is the list's.
///
/// Looks at pairs of prefixes only of which one extends the other, and at no more than a million
/// of those; says so when there were more.
void checkCoveredPrefixes(const std::vector<HttpRoute>& routes,
                          const std::vector<MatchPlace>& matches, const FieldPath& path,
                          Findings& findings);

}  // namespace sluice::source
