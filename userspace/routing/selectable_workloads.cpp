// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/selectable_workloads.h"

#include "userspace/routing/topology.h"

namespace sluice::routing {

void SelectableWorkloads::expect(const Labels& selector) {
  pod_labels_.expect(selector);
  entry_labels_.expect(selector);
}

void SelectableWorkloads::add(const Pod& pod, const PodIndex::OriginRef& origin) {
  if (!pod.phase.empty() && pod.phase != "Running") return;
  pod_labels_.add(pod.metadata.labels);
  auto& addresses = pods_.emplace_back();
  for (const auto& text : pod.pod_ips)
    if (auto ip = IpAddress::parse(text); ip.ok()) addresses.push_back({*ip, origin});
}

void SelectableWorkloads::add(const std::shared_ptr<const WorkloadEntry>& entry) {
  entry_labels_.add(entry->endpoint.labels);
  entries_.push_back({entry, std::make_shared<const EndpointOrigin>(
                                 originOf(entry->endpoint, entry->metadata.key()))});
}

const SelectableWorkloads::Selection& SelectableWorkloads::select(const Labels& selector) {
  const auto [at, is_new] = selections_.try_emplace(selector);
  auto& selection = at->second;
  if (!is_new) return selection;
  for (const auto number : pod_labels_.matching(selector))
    selection.pods.insert(selection.pods.end(), pods_[number].begin(), pods_[number].end());
  for (const auto number : entry_labels_.matching(selector))
    selection.entries.push_back(entries_[number]);
  return selection;
}

}  // namespace sluice::routing
