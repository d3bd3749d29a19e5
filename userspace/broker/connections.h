// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "userspace/broker/enrolments.h"
#include "userspace/broker/network_namespace.h"
#include "userspace/broker/socket_diag.h"
#include "userspace/model/broker.h"

namespace sluice::broker {

/// Looks into the namespaces of all enrolled workloads. `store`: descriptor of `conn_store`. Goes
/// on after a failure, and then answers the first one.
Result<std::vector<WorkloadConnection>> listConnections(const Enrolments& enrolments,
                                                        const NamespaceVisitor& visitor, int store);

}  // namespace sluice::broker
