// SPDX-License-Identifier: Apache-2.0
// Which workloads carry which labels.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "userspace/model/resources.h"

namespace sluice::analysis {

/// Something that labels select: a Pod, a pod that a Deployment makes, or a WorkloadEntry.
struct LabelledWorkload {
  std::string name;
  const Labels* own;           ///< borrowed
  Labels topology = {};        ///< of the node: region, zone, subzone, host name
  bool topology_known = true;  ///< false: it will run on some node
  const Pod* pod = nullptr;
  const WorkloadEntry* entry = nullptr;

  /// Whether it has all of `labels`; what depends on an unknown node may be so.
  bool has(const Labels& labels) const;
};

/// Finds workloads by their labels without looking at all of them.
class WorkloadLabels {
 public:
  /// The snapshots must outlive it.
  explicit WorkloadLabels(const std::vector<const Snapshot*>& snapshots);

  /// Those of `in_namespace` that have `labels`; all when there is no label.
  std::vector<const LabelledWorkload*> find(const std::string& in_namespace,
                                            const Labels& labels) const;
  bool any(const std::string& in_namespace, const Labels& labels) const;

 private:
  using Places = std::vector<size_t>;
  void add(const std::string& in_namespace, LabelledWorkload workload);
  const Places* candidates(const std::string& in_namespace, const Labels& labels) const;

  std::vector<LabelledWorkload> workloads_;
  std::unordered_map<std::string, Places> by_namespace_;
  std::unordered_map<std::string, Places> by_label_;  ///< "namespace/key=value"
};

/// "topology.kubernetes.io/zone" and the like: labels that endpoints have from their node.
bool isTopologyLabel(const std::string& key);

}  // namespace sluice::analysis
