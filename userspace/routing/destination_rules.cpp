// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/destination_rules.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_set>

#include "userspace/routing/snapshot_changes.h"

namespace sluice::routing {
namespace {

using Exports = std::set<std::string>;

/// Istio: a rule for some workloads is their namespace's own.
Exports exportsOf(const DestinationRule& rule) {
  if (rule.workload_selector) return {"."};
  return {rule.export_to.begin(), rule.export_to.end()};
}

bool isBefore(const std::shared_ptr<const DestinationRule>& a,
              const std::shared_ptr<const DestinationRule>& b) {
  if (a->workload_selector.has_value() != b->workload_selector.has_value())
    return a->workload_selector.has_value();
  return isOlder(a->metadata, b->metadata);
}

/// Whether the namespace's own clients are among those that a rule is for.
bool isForOwnNamespace(const DestinationRule& rule) {
  const auto exports = exportsOf(rule);
  return exports.empty() || exports.contains("*") || exports.contains(".") ||
         exports.contains(rule.metadata.namespace_);
}

bool isExportedTo(const MergedRule& rule, const std::string& client_namespace) {
  return rule.export_to.empty() || rule.export_to.contains("*") ||
         (!client_namespace.empty() && rule.export_to.contains(client_namespace));
}

/// A rule that others may join.
struct OpenRule {
  MergedRule rule;
  std::unordered_set<std::string_view> subsets;  ///< names of those that it has
};

OpenRule startWith(const DestinationRule& rule, const std::string& host) {
  OpenRule open;
  open.rule.name = rule.metadata.key();
  open.rule.host = host;
  open.rule.export_to = exportsOf(rule);
  open.rule.workload_selector = rule.workload_selector;
  return open;
}

/// Istio, mergeDestinationRule: subsets are united, the older one of a name is kept; the first
/// traffic policy is kept whole.
void mergeInto(OpenRule& open, const std::shared_ptr<const DestinationRule>& younger) {
  MergedRule& merged = open.rule;
  const auto from = "DestinationRule/" + younger->metadata.key() + " spec.";
  for (size_t i = 0; i < younger->subsets.size(); ++i)
    if (const auto& subset = younger->subsets[i]; open.subsets.insert(subset.name).second)
      merged.subsets.push_back({&subset, from + "subsets[" + std::to_string(i) + "]"});
  if (!merged.traffic_policy && younger->traffic_policy) {
    merged.traffic_policy = &*younger->traffic_policy;
    merged.traffic_policy_from = from + "trafficPolicy";
  }
  merged.sources.push_back(younger);
}

/// How a rule and one that came before it go together.
enum class Fit { kApart, kMerged, kMergedAndApart };

/// Istio: rules merge when they are for the same namespaces, or the younger for more of them, and
/// for the same workloads. A rule for all workloads completes those for some, too, and stands for
/// the others beside them.
Fit fitOf(const MergedRule& older, const DestinationRule& younger) {
  const auto exports = exportsOf(younger);
  const bool more = !older.export_to.empty() && std::ranges::includes(exports, older.export_to);
  if (exports != older.export_to && !more) return Fit::kApart;
  if (older.workload_selector == younger.workload_selector) return Fit::kMerged;
  return younger.workload_selector ? Fit::kApart : Fit::kMergedAndApart;
}

class Merger {
 public:
  explicit Merger(const std::string& host) : host_(host) {}

  void add(const std::shared_ptr<const DestinationRule>& rule) {
    bool apart = true;
    for (auto& older : merged_) {
      const auto fit = fitOf(older.rule, *rule);
      if (fit != Fit::kApart) mergeInto(older, rule);
      apart = fit != Fit::kMerged;
    }
    if (!apart) return;
    merged_.push_back(startWith(*rule, host_));
    mergeInto(merged_.back(), rule);
  }

  /// A rule that is what one of `known` is, is that object.
  std::vector<DestinationRules::Rule> take(const std::vector<DestinationRules::Rule>& known) && {
    std::vector<DestinationRules::Rule> result;
    for (auto& [merged, _] : merged_) {
      const auto same = std::ranges::find_if(known, [&](const auto& rule) {
        return rule->sources == merged.sources && rule->export_to == merged.export_to;
      });
      result.push_back(same == known.end() ? std::make_shared<const MergedRule>(std::move(merged))
                                           : *same);
    }
    return result;
  }

 private:
  const std::string& host_;
  std::vector<OpenRule> merged_;
};

/// Istio, SidecarScope.DestinationRule: the first for these workloads of its own namespace, else
/// the last for all.
DestinationRules::Rule choose(const std::vector<DestinationRules::Rule>& rules,
                              const Client& client) {
  DestinationRules::Rule for_all;
  for (const auto& rule : rules) {
    if (!rule->workload_selector)
      for_all = rule;
    else if (client.has(rule->workload_selector->labels))
      return rule;
  }
  return for_all;
}

bool isWildcard(std::string_view host) { return host.starts_with('*'); }

}  // namespace

const MergedRule::PlacedSubset* MergedRule::subset(std::string_view wanted) const {
  for (const auto& placed : subsets)
    if (placed.subset->name == wanted) return &placed;
  return nullptr;
}

DestinationRules::Group& DestinationRules::NamespaceRules::group(const std::string& host) {
  return isWildcard(host) ? wildcards[host] : exact[host];
}

void DestinationRules::NamespaceRules::erase(const std::string& host) {
  exact.erase(host);
  wildcards.erase(host);
}

DestinationRules::DestinationRules(const Snapshot& snapshot) {
  Snapshot nothing;
  nothing.agent = snapshot.agent;
  update(nothing, snapshot);
}

std::set<std::string> DestinationRules::update(const Snapshot& before, const Snapshot& after) {
  const auto settings = [](const AgentSettings& agent) {
    return std::tie(agent.cluster_domain, agent.root_namespace,
                    agent.default_destination_rule_export_to);
  };
  if (settings(before.agent) == settings(after.agent)) {
    collect(before, after);
  } else {
    for (const auto& [in, rules] : namespaces_) {
      for (const auto& [host, group] : rules.exact) touched_.insert({in, host});
      for (const auto& [host, group] : rules.wildcards) touched_.insert({in, host});
    }
    namespaces_.clear();
    collect({}, after);
  }
  std::set<std::string> hosts;
  for (const auto& [in, host] : touched_) {
    rebuild(in, host);
    hosts.insert(host);
  }
  touched_.clear();
  return hosts;
}

void DestinationRules::collect(const Snapshot& before, const Snapshot& after) {
  domain_ = after.agent.cluster_domain;
  root_namespace_ = after.agent.root_namespace;
  private_by_default_ = std::ranges::find(after.agent.default_destination_rule_export_to, ".") !=
                        after.agent.default_destination_rule_export_to.end();
  const auto touch = [&](const DestinationRule& rule) -> auto& {
    const auto& in = rule.metadata.namespace_;
    const auto host = fullHost(rule.host, in, domain_);
    touched_.insert({in, host});
    return namespaces_[in].group(host).sources;
  };
  const auto changes = changesOf(before.destination_rules, after.destination_rules);
  for (const auto& rule : changes.removed) std::erase(touch(*rule), rule);
  for (const auto& rule : changes.added) {
    auto& sources = touch(*rule);
    sources.insert(std::ranges::upper_bound(sources, rule, isBefore), rule);
  }
}

void DestinationRules::rebuild(const std::string& in, const std::string& host) {
  auto& rules = namespaces_[in];
  auto& group = rules.group(host);
  Merger local(host), exported(host), kept(host);
  for (const auto& rule : group.sources) {
    if (isForOwnNamespace(*rule)) local.add(rule);
    if (!isPrivate(*rule))
      exported.add(rule);
    else if (in == root_namespace_)
      kept.add(rule);
  }
  auto known = group.local;
  known.insert(known.end(), group.exported.begin(), group.exported.end());
  known.insert(known.end(), group.kept.begin(), group.kept.end());
  group.local = std::move(local).take(known);
  known.insert(known.end(), group.local.begin(), group.local.end());
  group.exported = std::move(exported).take(known);
  group.kept = std::move(kept).take(known);
  if (group.sources.empty()) rules.erase(host);
}

bool DestinationRules::isPrivate(const DestinationRule& rule) const {
  const auto exports = exportsOf(rule);
  if (exports.empty()) return private_by_default_;
  return exports.size() == 1 &&
         (exports.contains(".") || exports.contains(rule.metadata.namespace_));
}

DestinationRules::Rule DestinationRules::find(const RegistryService& service,
                                              const Client& client) const {
  const auto part = client.namespace_ == root_namespace_ ? &Group::kept : &Group::local;
  if (const auto* own = findIn(client.namespace_, service.host, part)) return choose(*own, client);
  if (auto rule = findExported(service.namespace_, service.host, client)) return rule;
  return findExported(root_namespace_, service.host, client);
}

/// Istio: the most specific host decides before exportTo is looked at.
DestinationRules::Rule DestinationRules::findExported(const std::string& in, std::string_view host,
                                                      const Client& client) const {
  const auto* rules = findIn(in, host, &Group::exported);
  if (!rules) return nullptr;
  Merged visible;
  for (const auto& rule : *rules)
    if (isExportedTo(*rule, client.namespace_)) visible.push_back(rule);
  return choose(visible, client);
}

/// Null when the namespace has no rule for the host in that part.
const DestinationRules::Merged* DestinationRules::findIn(const std::string& in,
                                                         std::string_view host, Part part) const {
  const auto rules = namespaces_.find(in);
  if (rules == namespaces_.end()) return nullptr;
  const auto exact = rules->second.exact.find(std::string(host));
  if (exact != rules->second.exact.end() && !(exact->second.*part).empty())
    return &(exact->second.*part);
  for (const auto& [pattern, group] : rules->second.wildcards)
    if (hostMatches(pattern, host) && !(group.*part).empty()) return &(group.*part);
  return nullptr;
}

}  // namespace sluice::routing
