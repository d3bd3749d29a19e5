// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/cost.h"
#include "userspace/model/diagnostic.h"

namespace sluice::test {

struct Outcome {
  Diagnostics errors;
  Cost cost;
};

/// Everything that Sluice does with a configuration, each text a file: it is read, analyzed,
/// resolved in both modes, planned for the kernel's tables; then the files go.
Outcome wholeWay(const std::vector<std::string>& texts);

}  // namespace sluice::test
