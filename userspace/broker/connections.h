// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "userspace/broker/enrolments.h"
#include "userspace/broker/network_namespace.h"
#include "userspace/broker/socket_diag.h"
#include "userspace/model/broker.h"
#include "userspace/model/connection_store.h"

namespace sluice::broker {

/// Looks into the namespaces of all enrolled workloads. Goes on after a failure, and then answers
/// the first one.
Result<std::vector<WorkloadConnection>> listConnections(const Enrolments& enrolments,
                                                        const NamespaceVisitor& visitor,
                                                        const ConnectionStore& store);

}  // namespace sluice::broker
