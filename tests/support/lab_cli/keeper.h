// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "userspace/base/result.h"

namespace sluice::test {

/// Starts a background process that brings the topology up and keeps it until it is told to stop,
/// or until the process `owner` ends (0: nobody owns it). Returns when the topology is ready; its
/// state is then in `directory`.
Result<void> startKeeper(const std::filesystem::path& directory, pid_t owner);

/// Stops the keeper of that state and waits until it has cleaned up. Succeeds when it has gone.
Result<void> stopKeeper(const std::filesystem::path& directory);

}  // namespace sluice::test
