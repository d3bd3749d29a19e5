// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// DestinationRules of one host, namespace and exportTo, merged.
struct MergedRule {
  std::string name;  ///< "shop/catalog", the oldest of them
  std::string host;  ///< full, perhaps a wildcard
  std::vector<std::string> export_to;
  std::vector<Subset> subsets;  ///< of a name that comes twice, the older
  std::optional<TrafficPolicy> traffic_policy;

  const Subset* subset(const std::string& name) const;
};

/// The DestinationRules of a Snapshot, which must outlive it.
class DestinationRules {
 public:
  explicit DestinationRules(const Snapshot& snapshot);

  /// The rule that holds for `service` as clients of `client_namespace` call it; null when there
  /// is none. Istio asks the client's namespace, the service's, the root namespace, and uses the
  /// first that has a match, alone; a rule anywhere else is never used.
  const MergedRule* find(const RegistryService& service, const std::string& client_namespace) const;

 private:
  const MergedRule* findIn(const std::string& rule_namespace, const std::string& host,
                           const std::string* client_namespace) const;
  void add(const DestinationRule& rule, const std::string& domain);

  std::string root_namespace_;
  /// By namespace; most specific host first, older first.
  std::map<std::string, std::vector<MergedRule>> merged_;
};

/// By creation timestamp, then name, then namespace; a resource without one comes last.
bool isOlder(const Metadata& a, const Metadata& b);

}  // namespace sluice::routing
