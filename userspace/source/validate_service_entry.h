// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <unordered_set>

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// Names of a ServiceEntry's ports, which must outlive them.
using ServicePortNames = std::unordered_set<std::string_view>;
ServicePortNames portNamesOf(const ServiceEntry& resource);

/// The ports of a ServiceEntry, and what follows from them for its hosts and addresses; `spec` is
/// the resource's.
void checkServicePorts(const ServiceEntry& resource, const FieldPath& spec, Findings& findings);

}  // namespace sluice::source
