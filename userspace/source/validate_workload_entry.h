// SPDX-License-Identifier: Apache-2.0
// Servers that a WorkloadEntry or a ServiceEntry names.
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// A host name is allowed where it will be resolved.
enum class EndpointAddress { kIp, kIpOrName };

/// Istio: validateWorkloadEntry, without what depends on the ServiceEntry.
void checkEndpoint(const WorkloadEndpoint& endpoint, EndpointAddress allowed, const FieldPath& path,
                   Findings& findings);

/// "unix:///path" or "unix://@name".
bool isUnixAddress(std::string_view address);

}  // namespace sluice::source
