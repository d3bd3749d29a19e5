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

/// What compiling may take, for all fields of a table together.
struct Limits {
  size_t cells;  ///< of one automaton
  /// Steps that are left; one takes some ten nanoseconds. Expressions have their own, so that
  /// literals always find some.
  size_t steps, regex_steps;
};

/// Patterns as one automaton, PatternId being the index.
struct CompiledPatterns {
  Dfa dfa;
  /// By pattern; one that is not held has no place in the automaton: nothing is known of it.
  std::vector<bool> is_held;
};

/// What would exceed a limit is unknown where it may match, or not held: first the expressions that
/// explode on their own, then the later half of the others, then the later half of everything, and
/// so on.
CompiledPatterns compilePatterns(std::span<const Pattern> patterns, Limits& limits);

}  // namespace sluice::match
