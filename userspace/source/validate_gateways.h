// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/source/findings.h"

namespace sluice::source {

/// Whether a VirtualService with these `gateways` is for clients in the mesh, not only for
/// gateways (Istio: isGateway).
bool appliesToMesh(const std::vector<std::string>& gateways);

/// Istio: validateGatewayNames; of a VirtualService or of one match.
void checkGateways(const std::vector<std::string>& gateways, const FieldPath& path,
                   Findings& findings);

}  // namespace sluice::source
