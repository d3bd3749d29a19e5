// SPDX-License-Identifier: Apache-2.0
// What `sluicectl observe` is told of single connections.
#pragma once

#include <chrono>
#include <string>

#include "userspace/agent/connection_views.h"

namespace sluice::agent {

/// {time, event, connection, workload, destination, service, reason, route, cluster, endpoint}, and
/// what the kind of event knows besides: seconds, sentBytes, receivedBytes. `connection` is the
/// same number in all events of one. Names are those of when the connection was opened; what has
/// been given away since has none.
observe::Json eventView(const event& told, const ConnectionNames& names,
                        std::chrono::system_clock::time_point when);

/// Which events somebody wants to see. What is empty is not asked for.
struct EventFilter {
  std::string in_namespace;  ///< of the workload
  std::string workload;      ///< "namespace/name", or the name alone
  std::string service;       ///< "host:port", "host", or some first labels of the host
  std::string reason;        ///< of maps/abi/reasons.def

  /// Of an admin request's fields `namespace`, `workload`, `service` and `reason`. kInvalid: no
  /// such reason.
  static Result<EventFilter> of(const observe::Json& request);

  /// `view`: of eventView().
  bool matches(const observe::Json& view) const;
};

}  // namespace sluice::agent
