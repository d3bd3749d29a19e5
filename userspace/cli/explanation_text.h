// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/cli/terminal.h"
#include "userspace/observe/json.h"

namespace sluice::cli {

/// An explanation as a person reads it: what happens, by which rule, where to, on which path and
/// why, and what was not used.
void printExplanation(const Terminal& terminal, const observe::Json& explanation);

}  // namespace sluice::cli
