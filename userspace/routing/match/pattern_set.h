// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <span>
#include <string>
#include <vector>

#include "userspace/routing/match/dfa.h"

namespace sluice::match {

/// What a condition asks of a text.
struct Pattern {
  enum class Kind { kExact, kPrefix, kRegex };

  Kind kind = Kind::kExact;
  std::string text;          ///< kPrefix with "": every text
  bool ignore_case = false;  ///< of kExact and kPrefix
  friend auto operator<=>(const Pattern&, const Pattern&) = default;
};

/// All patterns as one automaton, PatternId being the index. What does not fit into `max_cells`
/// cells or makes the automaton explode is kUnknown where it may match: first the expressions that
/// explode on their own, then the later half of the others, and so on.
Dfa compilePatterns(std::span<const Pattern> patterns, size_t max_cells);

}  // namespace sluice::match
