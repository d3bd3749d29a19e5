// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/agent/options.h"

namespace sluice::agent {

/// The privileged process: loads the kernel part, serves and supervises the agent, until SIGTERM
/// or SIGINT. It reads no configuration and no byte from the network.
Result<void> runBroker(const Options& options);

/// Detaches from every workload and removes everything that is pinned.
Result<void> uninstall(const Options& options);

}  // namespace sluice::agent
