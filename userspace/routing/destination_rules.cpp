// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/destination_rules.h"

#include <algorithm>
#include <tuple>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

/// Istio, mergeDestinationRule: subsets are united, the older one of a name is kept; the first
/// traffic policy is kept whole.
void mergeInto(MergedRule& merged, const DestinationRule& younger) {
  for (const auto& subset : younger.subsets)
    if (!merged.subset(subset.name)) merged.subsets.push_back(subset);
  if (!merged.traffic_policy) merged.traffic_policy = younger.traffic_policy;
}

}  // namespace

bool isOlder(const Metadata& a, const Metadata& b) {
  const auto rank = [](const Metadata& m) {
    return std::tuple(m.creation_timestamp.value_or(std::chrono::sys_seconds::max()),
                      std::string_view(m.name), std::string_view(m.namespace_));
  };
  return rank(a) < rank(b);
}

const Subset* MergedRule::subset(const std::string& wanted) const {
  for (const auto& subset : subsets)
    if (subset.name == wanted) return &subset;
  return nullptr;
}

DestinationRules::DestinationRules(const Snapshot& snapshot)
    : root_namespace_(snapshot.agent.root_namespace) {
  std::vector<const DestinationRule*> by_age;
  for (const auto& rule : snapshot.destination_rules) by_age.push_back(rule.get());
  std::sort(by_age.begin(), by_age.end(),
            [](const auto* a, const auto* b) { return isOlder(a->metadata, b->metadata); });
  for (const auto* rule : by_age) add(*rule, snapshot.agent.cluster_domain);
  for (auto& [name, rules] : merged_)
    std::stable_sort(rules.begin(), rules.end(),
                     [](const auto& a, const auto& b) { return moreSpecific(a.host, b.host); });
}

void DestinationRules::add(const DestinationRule& rule, const std::string& domain) {
  auto& rules = merged_[rule.metadata.namespace_];
  const auto host = fullHost(rule.host, rule.metadata.namespace_, domain);
  const auto same = std::find_if(rules.begin(), rules.end(), [&](const MergedRule& merged) {
    return merged.host == host && merged.export_to == rule.export_to;
  });
  if (same != rules.end()) return mergeInto(*same, rule);
  MergedRule merged{rule.metadata.key(), host, rule.export_to, {}, {}};
  mergeInto(merged, rule);
  rules.push_back(std::move(merged));
}

const MergedRule* DestinationRules::find(const RegistryService& service,
                                         const std::string& client_namespace) const {
  if (!client_namespace.empty() && client_namespace != root_namespace_)
    if (const auto* own = findIn(client_namespace, service.host, nullptr)) return own;
  if (const auto* next = findIn(service.namespace_, service.host, &client_namespace)) return next;
  return findIn(root_namespace_, service.host, &client_namespace);
}

/// `client_namespace`: whom the rule must be exported to; null when that does not matter.
const MergedRule* DestinationRules::findIn(const std::string& rule_namespace,
                                           const std::string& host,
                                           const std::string* client_namespace) const {
  const auto rules = merged_.find(rule_namespace);
  if (rules == merged_.end()) return nullptr;
  for (const auto& rule : rules->second) {
    if (!hostMatches(rule.host, host)) continue;
    if (!client_namespace ||
        visibilityFor(rule.export_to, rule_namespace, *client_namespace) != Visibility::kHidden)
      return &rule;
  }
  return nullptr;
}

}  // namespace sluice::routing
