// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "userspace/model/ids.h"
#include "userspace/observe/requests.h"
#include "userspace/proxy/request_observer.h"

namespace sluice::agent {

/// Counts the requests of one worker.
///
/// A request costs one look at a table of numbers: names are compared only for what was not met
/// since the last configuration.
class RequestMetrics final : public proxy::RequestObserver {
 public:
  /// Servers may answer any status, so that the configuration alone bounds nothing.
  static constexpr size_t kMaxSeries = 10'000;

  /// On the worker's thread.
  void record(const proxy::RequestRecord& record) override;
  void opened(const proxy::RequestRecord& record) override;

  /// Adds what was counted to `sum`. `names`: of the workloads, "namespace/name"; what others have
  /// sent is forgotten, so that series end with their workload. From any thread.
  void collect(const std::map<WorkloadId, std::string>& names, observe::Requests& sum);

 private:
  /// By what a series is found without a name.
  struct Met {
    WorkloadId source;
    const proxy::ProxyRoute* route;
    const proxy::ProxyCluster* cluster;
    int status;
    bool grpc;
    int grpc_status;
    proxy::ResponseFlags flags;
    friend bool operator==(const Met&, const Met&) = default;
  };
  struct HashOfMet {
    size_t operator()(const Met& met) const;
  };
  template <typename Counts>
  using Series = std::map<observe::RequestSeries, Counts>;
  template <typename Counts>
  using BySource = std::map<WorkloadId, Series<Counts>>;

  observe::ConnectionCounts& connectionsLike(const proxy::RequestRecord& record);
  observe::RequestCounts* countsOf(const proxy::RequestRecord& record);
  observe::RequestCounts* find(WorkloadId source, observe::RequestSeries series);

  std::mutex mutex_;  ///< guards everything; nobody else wants it but at a scrape
  BySource<observe::RequestCounts> series_;          ///< without the name of the source
  BySource<observe::ConnectionCounts> connections_;  ///< likewise
  size_t size_ = 0;                                  ///< of all series
  uint64_t uncounted_ = 0;
  /// Into `series_`; null: there was no room. Of the pointers in its keys some may be of things
  /// that are gone, which is why it ends with its generation.
  std::unordered_map<Met, observe::RequestCounts*, HashOfMet> met_;
  uint64_t generation_ = 0;
};

}  // namespace sluice::agent
