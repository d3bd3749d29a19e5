// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "userspace/routing/match/nfa.h"

namespace sluice::match {

/// Adds a regular expression that has to match the whole text, with the meaning that RE2 gives it
/// (github.com/google/re2/wiki/Syntax): literals, classes, groups, alternatives, repetitions, and
/// `(?i)` in front. Where a character outside ASCII decides, the automaton says kUnknown.
///
/// False, and nothing is added, for what is not understood here or would take too many nodes; the
/// expression may well be legal.
bool addRegex(Nfa& nfa, PatternId pattern, std::string_view expression);

/// Literal text that every match of a legal expression begins with, whether it is understood here
/// or not; may be shorter than it could be. Not RE2::PossibleMatchRange(): that is wrong about
/// `\b`.
std::string prefixOfRegex(std::string_view expression);

}  // namespace sluice::match
