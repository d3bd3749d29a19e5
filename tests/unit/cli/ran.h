// SPDX-License-Identifier: Apache-2.0
// The command line as a user meets it.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "userspace/cli/app.h"

namespace sluice::cli::test {

/// What a run of sluicectl has left.
struct Ran {
  int code;
  std::string out, err;
};

/// Runs sluicectl with these arguments.
inline Ran ctl(std::vector<const char*> arguments) {
  std::ostringstream out, err;
  arguments.insert(arguments.begin(), "sluicectl");
  const int code = run({out, err}, static_cast<int>(arguments.size()), arguments.data());
  return {code, out.str(), err.str()};
}

}  // namespace sluice::cli::test
