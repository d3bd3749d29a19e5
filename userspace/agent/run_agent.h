// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/agent/options.h"

namespace sluice::agent {

/// The unprivileged process: everything but what needs rights. Enters its sandbox before it reads
/// the first byte that somebody else wrote; runs until SIGTERM, or until the broker has gone.
Result<void> runAgent(const Options& options);

}  // namespace sluice::agent
