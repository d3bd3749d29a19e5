// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/cli/terminal.h"
#include "userspace/observe/json.h"

namespace sluice::cli {

/// The agent's status on one screen: what is in force, then what is wrong and what to do.
void printStatus(const Terminal& terminal, const observe::Json& status);

/// A tick, a warning sign or a cross, coloured; letters where the terminal has no symbols.
std::string mark(const Terminal& terminal, Colour colour);

}  // namespace sluice::cli
