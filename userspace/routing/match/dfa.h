// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "userspace/routing/match/byte_classes.h"
#include "userspace/routing/match/nfa.h"

namespace sluice::match {

/// What is known of a text that ends in a state; sorted, without a pattern that is in both.
struct Outcome {
  std::vector<PatternId> matches, unknown;
  friend auto operator<=>(const Outcome&, const Outcome&) = default;
};

/// Several patterns as one deterministic automaton; state 0 is the start.
struct Dfa {
  struct State {
    uint32_t first_move;
    uint32_t move_count;
    uint32_t rest;     ///< state for all classes without a move
    uint32_t outcome;  ///< index
  };
  struct Move {
    uint8_t byte_class;
    uint32_t target;
  };

  ByteClasses classes;
  std::vector<State> states;
  std::vector<Move> moves;
  std::vector<Outcome> outcomes;
};

/// Subset construction. Nothing when there would be more than `max_states`, or when it takes more
/// steps than `budget` has left: a few expressions can need exponentially many. What it has taken
/// is gone from `budget` either way.
std::optional<Dfa> determinise(const Nfa& nfa, size_t max_states, size_t& budget);

}  // namespace sluice::match
