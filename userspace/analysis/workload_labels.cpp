// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/workload_labels.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::analysis {
namespace {

constexpr std::string_view kHostname = "kubernetes.io/hostname";
constexpr std::array<std::string_view, 3> kFromNodeLabels = {
    "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"};

using Nodes = std::map<std::string, const Labels*>;

/// Istio: AugmentLabels. A label without a value is none.
Labels topologyOf(const std::string& node_name, const Nodes& nodes) {
  Labels topology;
  const auto node = nodes.find(node_name);
  if (node == nodes.end()) return topology;
  for (const std::string_view key : kFromNodeLabels) {
    const auto label = node->second->find(std::string(key));
    if (label != node->second->end() && !label->second.empty()) topology.insert(*label);
  }
  topology.insert({std::string(kHostname), node_name});
  return topology;
}

std::string labelKey(const std::string& in_namespace, const std::string& key,
                     const std::string& value) {
  return in_namespace + "/" + key + "=" + value;
}

bool holds(const Labels& labels, const std::string& key, const std::string& value) {
  const auto found = labels.find(key);
  return found != labels.end() && found->second == value;
}

}  // namespace

bool isTopologyLabel(const std::string& key) {
  return key == kHostname || std::ranges::count(kFromNodeLabels, key) > 0;
}

bool LabelledWorkload::has(const Labels& labels) const {
  return std::ranges::all_of(labels, [&](const auto& label) {
    const auto& [key, value] = label;
    if (isTopologyLabel(key) && !topology_known) return !value.empty();
    if (isTopologyLabel(key) && topology.contains(key)) return holds(topology, key, value);
    return holds(*own, key, value);
  });
}

WorkloadLabels::WorkloadLabels(const std::vector<const Snapshot*>& snapshots) {
  Nodes nodes;
  for (const Snapshot* snapshot : snapshots) {
    for (const auto& node : snapshot->nodes) nodes[node->metadata.name] = &node->metadata.labels;
  }
  for (const Snapshot* snapshot : snapshots) {
    for (const auto& pod : snapshot->pods) {
      const Metadata& metadata = pod->metadata;
      add(metadata.namespace_,
          {metadata.name, &metadata.labels, topologyOf(pod->node_name, nodes), true, pod.get()});
    }
    for (const auto& deployment : snapshot->deployments) {
      const Metadata& metadata = deployment->metadata;
      add(metadata.namespace_, {metadata.name, &deployment->pod_labels, {}, false});
    }
    for (const auto& entry : snapshot->workload_entries) {
      const Metadata& metadata = entry->metadata;
      add(metadata.namespace_,
          {metadata.name, &entry->endpoint.labels, {}, false, nullptr, entry.get()});
    }
  }
}

void WorkloadLabels::add(const std::string& in_namespace, LabelledWorkload workload) {
  const size_t at = workloads_.size();
  by_namespace_[in_namespace].push_back(at);
  for (const auto& [key, value] : *workload.own) {
    by_label_[labelKey(in_namespace, key, value)].push_back(at);
  }
  workloads_.push_back(std::move(workload));
}

/// The shortest list that must hold all workloads with `labels`; null when there are none.
const WorkloadLabels::Places* WorkloadLabels::candidates(const std::string& in_namespace,
                                                         const Labels& labels) const {
  const auto all = by_namespace_.find(in_namespace);
  if (all == by_namespace_.end()) return nullptr;
  const Places* shortest = &all->second;
  for (const auto& [key, value] : labels) {
    if (isTopologyLabel(key)) continue;
    const auto found = by_label_.find(labelKey(in_namespace, key, value));
    if (found == by_label_.end()) return nullptr;
    if (found->second.size() < shortest->size()) shortest = &found->second;
  }
  return shortest;
}

std::vector<const LabelledWorkload*> WorkloadLabels::find(const std::string& in_namespace,
                                                          const Labels& labels) const {
  std::vector<const LabelledWorkload*> found;
  const Places* places = candidates(in_namespace, labels);
  if (places == nullptr) return found;
  for (const size_t at : *places) {
    if (workloads_[at].has(labels)) found.push_back(&workloads_[at]);
  }
  return found;
}

bool WorkloadLabels::any(const std::string& in_namespace, const Labels& labels) const {
  const Places* places = candidates(in_namespace, labels);
  return places != nullptr &&
         std::ranges::any_of(*places, [&](size_t at) { return workloads_[at].has(labels); });
}

}  // namespace sluice::analysis
