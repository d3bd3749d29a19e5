// SPDX-License-Identifier: Apache-2.0
// What a lab that runs in the background tells the commands that come later.
#pragma once

#include <sys/types.h>

#include <deque>
#include <filesystem>
#include <string>

#include "tests/support/lab.h"

namespace sluice::test {

struct LabState {
  pid_t keeper = 0;  ///< the process that the lab lives and dies with
  std::string directory, config, bpffs, socket;
  std::deque<Place> hosts;
};

LabState stateOf(const Lab& lab);

/// In `directory`, atomically.
Result<void> saveState(const std::filesystem::path& directory, const LabState& state);

/// kNotFound: no lab has been brought up there.
Result<LabState> loadState(const std::filesystem::path& directory);

void removeState(const std::filesystem::path& directory);

}  // namespace sluice::test
