// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// One rule of spec.http.
void checkHttpRoute(const HttpRoute& route, const FieldPath& path, Findings& findings);

/// One entry of a rule's `match`.
void checkHttpMatch(const HttpMatchRequest& match, const FieldPath& path, Findings& findings);

/// Istio: validateGatewayNames; of a VirtualService or of one match.
void checkGateways(const std::vector<std::string>& gateways, const FieldPath& path,
                   Findings& findings);

}  // namespace sluice::source
