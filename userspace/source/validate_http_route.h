// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// What a VirtualService is for its rules.
struct RuleOwner {
  bool delegate = false;  ///< has no hosts: its rules complete those of other VirtualServices
  bool mesh = true;       ///< is for clients in the mesh, not only for gateways
};

/// One rule of spec.http (Istio: validateHTTPRoute).
void checkHttpRoute(const HttpRoute& route, const RuleOwner& owner, const FieldPath& path,
                    Findings& findings);

/// One entry of a rule's `match` (Istio: validateHTTPRouteMatchRequest).
void checkHttpMatch(const HttpMatchRequest& match, const RuleOwner& owner, const FieldPath& path,
                    Findings& findings);

}  // namespace sluice::source
