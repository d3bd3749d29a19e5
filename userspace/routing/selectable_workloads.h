// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/label_index.h"
#include "userspace/routing/pod_index.h"

namespace sluice::routing {

/// The workloads of one namespace that the selectors of its ServiceEntries choose from.
class SelectableWorkloads {
 public:
  /// An address of a pod.
  struct PodAddress {
    IpAddress ip;
    PodIndex::OriginRef origin;
  };
  struct Entry {
    std::shared_ptr<const WorkloadEntry> resource;
    PodIndex::OriginRef origin;
  };
  struct Selection {
    std::vector<PodAddress> pods;  ///< of those that run
    std::vector<Entry> entries;
  };

  /// All selectors first.
  void expect(const Labels& selector);
  void add(const Pod& pod, const PodIndex::OriginRef& origin);
  void add(const std::shared_ptr<const WorkloadEntry>& entry);

  /// Istio: a selector takes pods and WorkloadEntries. Evaluated once for all that have the same;
  /// valid as long as this is.
  const Selection& select(const Labels& selector);

 private:
  LabelIndex pod_labels_, entry_labels_;
  std::vector<std::vector<PodAddress>> pods_;  ///< each pod's addresses
  std::vector<Entry> entries_;
  std::map<Labels, Selection> selections_;
};

}  // namespace sluice::routing
