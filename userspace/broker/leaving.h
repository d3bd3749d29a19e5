// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>

#include "userspace/base/reactor.h"
#include "userspace/broker/network_namespace.h"
#include "userspace/model/ids.h"

namespace sluice::broker {

/// Workloads that are not steered any more, while the proxy finishes what their clients have open:
/// each connection's next request may need another one to a server.
class Leaving {
 public:
  /// Longer than the agent leaves them idle, with time for requests.
  static constexpr Duration kLongest = std::chrono::seconds(60);

  explicit Leaving(Reactor& reactor) : reactor_(reactor) {}
  ~Leaving();
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;

  /// For kLongest from now on.
  void add(WorkloadId workload, NetworkNamespace there);

  /// Null: it is none of them.
  const NetworkNamespace* namespaceOf(WorkloadId workload) const;

 private:
  struct Entry {
    NetworkNamespace there;
    Reactor::TimerId timer;
  };

  void forget(WorkloadId workload);

  Reactor& reactor_;
  std::map<WorkloadId, Entry> entries_;
};

}  // namespace sluice::broker
