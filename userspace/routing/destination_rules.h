// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/age.h"
#include "userspace/routing/client.h"
#include "userspace/routing/names.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// DestinationRules of one host and namespace that are one rule for their clients.
struct MergedRule {
  struct PlacedSubset {
    const Subset* subset = nullptr;
    std::string from;  ///< "DestinationRule/shop/catalog spec.subsets[0]"
  };

  std::string name;  ///< "shop/catalog", the oldest of them
  std::string host;  ///< full, perhaps a wildcard
  std::set<std::string> export_to;
  std::optional<WorkloadSelector> workload_selector;
  std::vector<PlacedSubset> subsets;  ///< of a name that comes twice, the older
  const TrafficPolicy* traffic_policy = nullptr;
  std::string traffic_policy_from;  ///< "DestinationRule/shop/catalog spec.trafficPolicy"
  Snapshot::Selection<DestinationRule> sources;

  const PlacedSubset* subset(std::string_view name) const;
};

/// The DestinationRules of a Snapshot.
class DestinationRules {
 public:
  using Rule = std::shared_ptr<const MergedRule>;

  explicit DestinationRules(const Snapshot& snapshot);

  /// Takes over what changed from `before`, which the rules were built from, to `after`; returns
  /// the hosts, wildcards among them, whose rules are others now. Rules that did not change keep
  /// their object.
  std::set<std::string> update(const Snapshot& before, const Snapshot& after);

  /// The rule that holds for `service` as `client` calls it; null when there is none.
  ///
  /// Istio, destinationRule: asks the client's namespace (but not the root namespace for what
  /// others may see), the service's, the root namespace; the first that has a rule for the host is
  /// used alone, and in it the most specific host. A rule anywhere else is never used.
  Rule find(const RegistryService& service, const Client& client) const;

 private:
  /// Rules that stand beside each other for one host: Istio merges what it can.
  using Merged = std::vector<Rule>;

  /// The rules of one host in one namespace, as three kinds of clients find them.
  struct Group {
    Snapshot::Selection<DestinationRule> sources;  ///< those with selectors first, then the oldest
    Merged local;                                  ///< clients of the namespace
    Merged exported;                               ///< everyone by exportTo
    Merged kept;  ///< of the root namespace: clients of it, rules that it does not export
  };
  struct MoreSpecific {
    bool operator()(const std::string& a, const std::string& b) const { return moreSpecific(a, b); }
  };
  struct NamespaceRules {
    std::unordered_map<std::string, Group> exact;
    std::map<std::string, Group, MoreSpecific> wildcards;
    Group& group(const std::string& host);
    void erase(const std::string& host);
  };
  /// Of a group, what a kind of clients finds.
  using Part = Merged Group::*;

  void collect(const Snapshot& before, const Snapshot& after);
  void rebuild(const std::string& in, const std::string& host);
  bool isPrivate(const DestinationRule& rule) const;
  const Merged* findIn(const std::string& in, std::string_view host, Part part) const;
  Rule findExported(const std::string& in, std::string_view host, const Client& client) const;

  std::string domain_, root_namespace_;
  bool private_by_default_ = false;  ///< the mesh's defaultDestinationRuleExportTo is "."
  std::unordered_map<std::string, NamespaceRules> namespaces_;
  std::set<std::pair<std::string, std::string>> touched_;  ///< namespace, host
};

}  // namespace sluice::routing
