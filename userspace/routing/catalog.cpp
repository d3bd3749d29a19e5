// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/catalog.h"

#include <ranges>

namespace sluice::routing {

Catalog::Catalog(const Snapshot& snapshot)
    : agent(snapshot.agent),
      registry(snapshot),
      destination_rules(snapshot),
      virtual_services(snapshot, agent),
      clusters(registry, destination_rules, agent),
      traits(registry, virtual_services, agent) {
  Names hosts, concerned;
  for (const auto& host : registry.hosts() | std::views::keys) hosts.insert(host);
  followAliases(hosts, concerned);
  const auto names = virtual_services.names();
  traits.update({}, snapshot, hosts, {names.begin(), names.end()});
}

CatalogChanges Catalog::update(const Snapshot& before, const Snapshot& after) {
  CatalogChanges changes;
  changes.services = registry.update(before, after);
  changes.rules = destination_rules.update(before, after);
  changes.virtual_services = virtual_services.update(before, after);
  clusters.update(changes.services, changes.rules, agent);
  followAliases(changes.services, changes.rules);
  changes.groups = traits.update(before, after, changes.services, changes.virtual_services.names);
  rules.startUpdate(changes.virtual_services.names);
  return changes;
}

/// Adds the hosts whose aliases are others now to `concerned`.
void Catalog::followAliases(const Names& hosts, Names& concerned) {
  for (const auto& host : hosts) {
    auto targets = targetsOf(host);
    auto& last = targets_[host];
    for (const auto& target : last) aliases_[target].erase(host);
    for (const auto& target : targets) aliases_[target].insert(host);
    concerned.insert(last.begin(), last.end());
    concerned.insert(targets.begin(), targets.end());
    for (const auto& target : last)
      if (aliases_[target].empty()) aliases_.erase(target);
    last = std::move(targets);
    if (last.empty()) targets_.erase(host);
  }
}

Catalog::Names Catalog::targetsOf(const std::string& host) const {
  Names targets;
  if (const auto found = registry.hosts().find(host); found != registry.hosts().end())
    for (const auto& service : found->second)
      if (service->resolution == RegistryService::Resolution::kAlias)
        targets.insert(service->external_name);
  return targets;
}

const Catalog::Names& Catalog::aliasesOf(const std::string& host) const {
  static const Names kNone;
  const auto found = aliases_.find(host);
  return found == aliases_.end() ? kNone : found->second;
}

}  // namespace sluice::routing
