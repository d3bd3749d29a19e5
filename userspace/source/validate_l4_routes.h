// SPDX-License-Identifier: Apache-2.0
// Rules of spec.tls and spec.tcp.
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// Istio: validateTLSRoute. The SNI hosts of a rule are among the hosts of its VirtualService.
void checkTlsRoutes(const VirtualService& resource, const FieldPath& path, Findings& findings);

/// Istio: validateTCPRoute.
void checkTcpRoutes(const VirtualService& resource, const FieldPath& path, Findings& findings);

}  // namespace sluice::source
