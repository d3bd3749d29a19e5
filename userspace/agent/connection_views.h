// SPDX-License-Identifier: Apache-2.0
// What `get connections` answers: the kernel's connections and the proxy's, as one list.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "userspace/model/broker.h"
#include "userspace/observe/json.h"
#include "userspace/proxy/worker.h"

namespace sluice::agent {

/// Names behind the numbers; empty where there is none.
struct ConnectionNames {
  std::function<std::string(WorkloadId)> workload;
  /// `then`: when the number stood for what is asked for. It may have been given away since.
  std::function<std::string(name_kind kind, uint32_t id, TimePoint then)> of;
};

/// The label of an enum sluice_reason.
std::string reasonText(uint16_t reason);

/// Steered connections: those of the connect path by what the kernel remembers, those of the proxy
/// with their requests. A connection that both know is there once. `now`: CLOCK_MONOTONIC.
observe::Json connectionViews(const std::vector<WorkloadConnection>& in_kernel,
                              const std::vector<proxy::ConnectionInfo>& in_proxy,
                              const ConnectionNames& names, TimePoint now);

/// Those that are not steered although `is_steered` says that their peer would be today: they are
/// older than the enrolment, or than the service.
observe::Json unsteeredViews(const std::vector<WorkloadConnection>& in_kernel,
                             const ConnectionNames& names,
                             const std::function<bool(const SocketAddress& peer)>& is_steered);

}  // namespace sluice::agent
