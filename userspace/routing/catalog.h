// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "userspace/routing/client_traits.h"
#include "userspace/routing/clusters.h"
#include "userspace/routing/destination_rules.h"
#include "userspace/routing/registry.h"
#include "userspace/routing/rule_book.h"
#include "userspace/routing/virtual_services.h"

namespace sluice::routing {

/// What an update of the catalog has changed, as whoever has looked something up knows it.
struct CatalogChanges {
  std::set<std::string> services;  ///< hosts whose services are others now
  /// Hosts, wildcards among them, whose DestinationRules or aliases are others now.
  std::set<std::string> rules;
  VirtualServices::Changes virtual_services;
  bool groups = false;  ///< whether clients may be in other groups (ClientTraits) now
};

/// Everything of a Snapshot, in the form that compiling needs. Compilers ask it through Lookups.
class Catalog {
 public:
  using Names = std::set<std::string>;

  explicit Catalog(const Snapshot& snapshot);
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// From `before`, which it was made of, to `after`. The settings of the agent, on which
  /// everything depends, must be the same.
  CatalogChanges update(const Snapshot& before, const Snapshot& after);

  const AgentSettings agent;
  Registry registry;
  DestinationRules destination_rules;
  VirtualServices virtual_services;
  Clusters clusters;
  ClientTraits traits;
  RuleBook rules;

  /// The hosts of ExternalName services that stand for `host`, whoever may see them.
  const Names& aliasesOf(const std::string& host) const;

 private:
  void followAliases(const Names& hosts, Names& concerned);
  Names targetsOf(const std::string& host) const;

  std::map<std::string, Names> aliases_;  ///< host -> what stands for it
  std::map<std::string, Names> targets_;  ///< the other way round
};

}  // namespace sluice::routing
