// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/cli/terminal.h"

namespace sluice::cli {

/// The whole of sluicectl: parses the arguments (argv[0] is the program), runs the command,
/// answers the exit code of the process.
int run(const Terminal& terminal, int argc, const char* const* argv);

}  // namespace sluice::cli
