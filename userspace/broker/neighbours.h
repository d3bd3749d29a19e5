// SPDX-License-Identifier: Apache-2.0
// Who else is in a workload: proxies of other meshes, sandboxes whose connections nobody sees.
#pragma once

#include <cstdint>
#include <set>

#include "userspace/base/result.h"
#include "userspace/model/neighbour.h"

namespace sluice::broker {

/// Looks at the processes of a cgroup (its directory, open) and of those below it, as far as this
/// process's /proc shows them; of the first thousand at most.
void addProcesses(int cgroup, Neighbours& neighbours);

/// Of the TCP sockets that listen in the calling thread's network namespace; host byte order.
Result<std::set<uint16_t>> listeningPorts();

/// Looks for those of a mesh whose proxy is not among the processes, and so not found yet.
void addListeners(const std::set<uint16_t>& ports, Neighbours& neighbours);

}  // namespace sluice::broker
