// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/dependents.h"

#include <ranges>
#include <utility>

#include "userspace/routing/hosts_by_ending.h"
#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

bool isWildcard(const std::string& host) { return host.starts_with('*'); }

void dropOwnName(const Unit& unit, Reads& reads) {
  if (unit.kind == Unit::Kind::kVirtualService) {
    reads.services.erase(unit.name);
    return;
  }
  if (unit.kind == Unit::Kind::kRules) return;
  reads.hosts.erase(unit.name);
  reads.named.erase(unit.name);
}

bool isEmpty(const Reads& reads) {
  return reads.hosts.empty() && reads.named.empty() && reads.services.empty() &&
         reads.patterns.empty() && reads.overlapped.empty() && reads.rules.empty();
}

template <typename Index>
void linkAll(Index& index, const std::set<std::string>& names, const Unit& unit) {
  for (const auto& name : names) index[name].insert(unit);
}

template <typename Index>
void unlinkAll(Index& index, const std::set<std::string>& names, const Unit& unit) {
  for (const auto& name : names) {
    const auto found = index.find(name);
    found->second.erase(unit);
    if (found->second.empty()) index.erase(found);
  }
}

/// Collects the units that a change concerns.
class Concerned {
 public:
  using Index = std::unordered_map<std::string, Dependents::Units>;

  explicit Concerned(const HostsByEnding& hosts) : hosts_(hosts) {}

  void add(Unit::Kind kind, const std::string& name) { units_.insert({kind, name}); }
  void add(const Dependents::Units& units) { units_.insert(units.begin(), units.end()); }

  void addReaders(const Index& index, const std::string& name) {
    if (const auto found = index.find(name); found != index.end()) add(found->second);
  }

  /// Of the wildcards that cover `host`.
  void addReadersAbove(const Index& index, const std::string& host) {
    if (!index.empty())
      forEachWildcardAbove(host, [&](const auto& wildcard) { addReaders(index, wildcard); });
  }

  /// What is said of `host`, perhaps a wildcard, concerns its service, those that it covers, and
  /// who has asked for one of them.
  void addCovered(const Index& index, const std::string& host) {
    add(Unit::Kind::kService, host);
    addReaders(index, host);
    if (!isWildcard(host)) return;
    hosts_.forEachBelow(host, [&](const auto& known) { add(Unit::Kind::kService, known); });
    for (const auto& [asked, units] : index)
      if (hostMatches(host, asked)) add(units);
  }

  /// Of the rules among the units.
  void addReadersOfRules(const Index& index) {
    const auto first = units_.lower_bound({Unit::Kind::kRules, ""});
    for (const auto& rules : Dependents::Units(first, units_.end())) addReaders(index, rules.name);
  }

  Dependents::Units take() && { return std::move(units_); }

 private:
  const HostsByEnding& hosts_;
  Dependents::Units units_;
};

}  // namespace

void Dependents::set(const Unit& unit, Reads reads) {
  const auto before = take(unit);
  dropOwnName(unit, reads);
  if (!isEmpty(reads)) {
    link(unit, reads);
    reads_.emplace(unit, std::move(reads));
  }
  forgetUnread(before.rules);
}

void Dependents::add(const Unit& unit, const Reads& more) {
  Reads reads = more;
  if (const auto known = reads_.find(unit); known != reads_.end()) reads.merge(known->second);
  set(unit, std::move(reads));
}

void Dependents::forget(const Unit& unit) { forgetUnread(take(unit).rules); }

Reads Dependents::take(const Unit& unit) {
  auto known = reads_.extract(unit);
  if (known.empty()) return {};
  unlink(unit, known.mapped());
  return std::move(known.mapped());
}

void Dependents::link(const Unit& unit, const Reads& reads) {
  linkAll(hosts_, reads.hosts, unit);
  linkAll(named_, reads.named, unit);
  linkAll(services_, reads.services, unit);
  linkAll(patterns_, reads.patterns, unit);
  linkAll(overlapped_, reads.overlapped, unit);
  linkAll(rules_, reads.rules, unit);
}

void Dependents::unlink(const Unit& unit, const Reads& reads) {
  unlinkAll(hosts_, reads.hosts, unit);
  unlinkAll(named_, reads.named, unit);
  unlinkAll(services_, reads.services, unit);
  unlinkAll(patterns_, reads.patterns, unit);
  unlinkAll(overlapped_, reads.overlapped, unit);
  unlinkAll(rules_, reads.rules, unit);
}

void Dependents::forgetUnread(const std::set<std::string>& rules) {
  for (const auto& name : rules)
    if (!rules_.contains(name)) forget({Unit::Kind::kRules, name});
}

Dependents::Units Dependents::of(const CatalogChanges& changes, const HostsByEnding& hosts) const {
  Concerned concerned(hosts);
  for (const auto& host : changes.services) {
    concerned.add(Unit::Kind::kService, host);
    concerned.addReaders(hosts_, host);
    concerned.addReadersAbove(patterns_, host);
  }
  for (const auto& host : changes.rules) concerned.addCovered(hosts_, host);
  for (const auto& host : changes.virtual_services.hosts) {
    concerned.addCovered(named_, host);
    concerned.addReadersAbove(overlapped_, host);
  }
  for (const auto& name : changes.virtual_services.names) {
    concerned.add(Unit::Kind::kVirtualService, name);
    concerned.addReaders(services_, name);
  }
  concerned.addReadersOfRules(rules_);
  return std::move(concerned).take();
}

}  // namespace sluice::routing
