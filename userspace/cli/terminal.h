// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "userspace/base/result.h"
#include "userspace/cli/exit_code.h"

namespace sluice::cli {

enum class Colour { kNone, kGreen, kYellow, kRed };

/// Where a command writes: data to `out`, everything else to `err`. Borrows both.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool colour = false;  ///< of `out`
  bool unicode = true;  ///< of `out`

  /// stdout and stderr of the process: colour only on a terminal and never with NO_COLOR or
  /// TERM=dumb; symbols only in a UTF-8 locale.
  static Terminal ofProcess();

  std::string paint(Colour colour, std::string_view text) const;
};

/// Prints what failed and what to do about it; answers the exit code.
ExitCode report(const Terminal& terminal, const Error& error);

}  // namespace sluice::cli
