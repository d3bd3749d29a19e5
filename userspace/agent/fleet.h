// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "userspace/model/broker.h"
#include "userspace/proxy/worker.h"

namespace sluice::agent {

/// The workers of the proxy, as the control thread sees them. Callbacks come on its reactor.
class Fleet {
 public:
  virtual ~Fleet() = default;

  /// Calls `done` once every worker goes by `config`: no request that begins later meets an
  /// older one.
  virtual void setConfig(std::shared_ptr<const proxy::ProxyConfig> config,
                         std::function<void()> done) = 0;

  /// Every worker accepts on the workload's listeners, instead of those it had.
  virtual Result<void> listen(WorkloadId workload, const Enrolled& enrolled) = 0;
  /// No worker does any more; what is open ends in order (Worker::leave()).
  virtual void unlisten(WorkloadId workload) = 0;

  virtual void connections(std::function<void(std::vector<proxy::ConnectionInfo>)> answer) = 0;

  /// Calls `done` once every worker has come to what it was asked after this.
  virtual void comeRound(std::function<void()> done) = 0;

  /// Of all workers together, as they were a second ago at most.
  virtual proxy::WorkerStats stats() const = 0;

  /// Ends every connection in order, at the deadline by force.
  virtual void drain(Duration deadline, std::function<void()> done) = 0;
};

}  // namespace sluice::agent
