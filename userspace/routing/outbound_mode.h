// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/routing/client.h"

namespace sluice::routing {

/// What happens to calls of `client` to what no service is. Istio: the Sidecar of the client's
/// namespace that selects it, else the namespace's without a selector, else the root namespace's;
/// what that one does not say, the mesh does. Of several the oldest.
Sidecar::OutboundMode outboundModeFor(const Snapshot& snapshot, const Client& client);

}  // namespace sluice::routing
