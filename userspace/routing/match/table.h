// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "maps/abi/match.h"
#include "userspace/routing/match/pattern_set.h"

namespace sluice::match {

/// One condition of an alternative, on one field of the request.
struct Condition {
  match_source source = MATCH_PATH;
  /// Of the header in lower case, or of the parameter; else empty. A header that begins with ":"
  /// and is no match_source is one that no request has.
  std::string name;
  Pattern pattern;
  /// Istio: withoutHeaders. No line may match.
  bool refuses = false;
  /// With `refuses`: a request without the field is refused, too.
  bool refuses_absent = false;
};

/// What a rule may ask for: all conditions.
struct Alternative {
  uint32_t rule = 0;
  std::vector<Condition> conditions;
};

/// The tables of maps/abi/match.h for a list of alternatives. They never say anything wrong; what
/// they have no room for they leave open, as a maybe.
///
/// alternatives: in the order of their rules; those from MATCH_MAX_ALTERNATIVES - 1 on are one.
std::vector<match_cell> compileTable(std::span<const Alternative> alternatives);

}  // namespace sluice::match
