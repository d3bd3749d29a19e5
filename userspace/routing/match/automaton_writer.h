// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "userspace/routing/match/cells.h"
#include "userspace/routing/match/dfa.h"

namespace sluice::match {

/// Writes the automaton. `accepts`: what each outcome of `dfa` means, as match_state::accept has
/// it; never a cell that is written here.
match_automaton writeAutomaton(Cells& cells, const Dfa& dfa, std::span<const uint32_t> accepts);

}  // namespace sluice::match
