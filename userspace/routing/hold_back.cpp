// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/hold_back.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "userspace/routing/hosts_by_ending.h"
#include "userspace/routing/names.h"
#include "userspace/routing/snapshot_changes.h"

namespace sluice::routing {

/// A subset as a rule names it.
struct SubsetReference {
  std::string host;  ///< full
  std::string subset;
  auto operator<=>(const SubsetReference&) const = default;
  std::string text() const { return "subset " + subset + " of " + host; }
};

/// Which DestinationRules define a subset. Visibility is not looked at: whether a client may see
/// the rule does not change by the order in which files arrive.
class SubsetDefinitions {
 public:
  SubsetDefinitions(const Snapshot::List<DestinationRule>& rules, std::string domain)
      : domain_(std::move(domain)) {
    for (const auto& rule : rules) add(rule);
  }

  const std::string& domain() const { return domain_; }

  void add(const std::shared_ptr<const DestinationRule>& rule) {
    forEachSubset(*rule, [&](SubsetReference subset) {
      auto& rules = rules_[std::move(subset)];
      rules.insert(std::ranges::upper_bound(rules, keyOf(rule), {}, keyOf), rule);
    });
  }

  /// One that was added.
  void remove(const std::shared_ptr<const DestinationRule>& rule) {
    forEachSubset(*rule, [&](const SubsetReference& subset) {
      const auto found = rules_.find(subset);
      if (found == rules_.end()) return;  // it names the subset twice
      std::erase(found->second, rule);
      if (found->second.empty()) rules_.erase(found);
    });
  }

  /// Whether it is defined for the very host.
  bool define(const SubsetReference& subset) const { return rules_.contains(subset); }

  /// Whether all subsets of `other` are defined here, for the very hosts.
  bool cover(const SubsetDefinitions& other) const {
    return std::ranges::all_of(other.rules_,
                               [&](const auto& entry) { return define(entry.first); });
  }

  using Rules = std::vector<std::shared_ptr<const DestinationRule>>;

  /// Those of the reference's own host, else those of the longest wildcard that covers it; or none.
  Rules of(const SubsetReference& reference) const {
    if (const auto found = rules_.find(reference); found != rules_.end()) return found->second;
    Rules found;
    forEachWildcardAbove(reference.host, [&](const auto& wildcard) {
      if (!found.empty()) return;
      const auto at = rules_.find({wildcard, reference.subset});
      if (at != rules_.end()) found = at->second;
    });
    return found;
  }

  bool have(const SubsetReference& reference) const { return !of(reference).empty(); }

 private:
  static std::string keyOf(const std::shared_ptr<const DestinationRule>& rule) {
    return rule->metadata.key();
  }

  template <typename Visit>
  void forEachSubset(const DestinationRule& rule, const Visit& visit) const {
    const auto host = fullHost(rule.host, rule.metadata.namespace_, domain_);
    for (const auto& subset : rule.subsets) visit(SubsetReference{host, subset.name});
  }

  std::string domain_;
  std::map<SubsetReference, Rules> rules_;  ///< each in the order of their keys
};

namespace {

template <typename T>
std::shared_ptr<const T> findByKey(const Snapshot::List<T>& list, const Metadata& metadata) {
  const auto found = std::ranges::lower_bound(
      list, metadata.key(), {}, [](const auto& item) { return item->metadata.key(); });
  if (found == list.end() || (*found)->metadata.key() != metadata.key()) return nullptr;
  return *found;
}

std::vector<SubsetReference> referencesOf(const VirtualService& service,
                                          const std::string& domain) {
  std::vector<SubsetReference> all;
  const auto add = [&](const Destination& destination) {
    if (!destination.subset.empty())
      all.push_back(
          {fullHost(destination.host, service.metadata.namespace_, domain), destination.subset});
  };
  const auto add_each = [&](const std::vector<RouteDestination>& route) {
    for (const auto& entry : route) add(entry.destination);
  };
  for (const auto& rule : service.http) {
    add_each(rule.route);
    if (rule.mirror) add(*rule.mirror);
    for (const auto& mirror : rule.mirrors)
      if (mirror.destination) add(*mirror.destination);
  }
  for (const auto& rule : service.tls) add_each(rule.route);
  for (const auto& rule : service.tcp) add_each(rule.route);
  return all;
}

SubsetDefinitions definitionsOf(const Snapshot& snapshot) {
  return {snapshot.destination_rules, snapshot.agent.cluster_domain};
}

/// Whether `next` cannot have lost a definition, nor need one that it does not have: most updates
/// are of this kind, and cost no look at the rules. `definitions` are those of `in_force`.
bool isComplete(const Snapshot& next, const Snapshot& in_force,
                const SubsetDefinitions& definitions) {
  const auto& domain = next.agent.cluster_domain;
  if (domain != in_force.agent.cluster_domain) return false;
  const auto rules = changesOf(in_force.destination_rules, next.destination_rules);
  const SubsetDefinitions added(rules.added, domain);
  if (!added.cover(SubsetDefinitions(rules.removed, domain))) return false;
  const auto services = changesOf(in_force.virtual_services, next.virtual_services);
  return std::ranges::all_of(services.added, [&](const auto& service) {
    return std::ranges::all_of(referencesOf(*service, domain), [&](const auto& reference) {
      return definitions.define(reference) || added.define(reference);
    });
  });
}

/// Builds the snapshot that takes the place of `next`.
class Holder {
 public:
  /// Borrows both; `old` are the definitions of `in_force`.
  Holder(std::shared_ptr<const Snapshot> next, const Snapshot& in_force,
         const SubsetDefinitions& old)
      : next_(std::move(next)), in_force_(in_force), new_(definitionsOf(*next_)), old_(old) {}

  Consistent hold() {
    for (const auto& service : next_->virtual_services) holdFor(*service);
    if (held_.empty()) return {next_, {}};
    auto snapshot = std::make_shared<Snapshot>(*next_);
    replace(snapshot->virtual_services, services_);
    replace(snapshot->destination_rules, rules_);
    return {std::move(snapshot), std::move(held_)};
  }

 private:
  void holdFor(const VirtualService& service) {
    const auto missing = firstMissing(service);
    if (!missing) return;
    const auto last = findByKey(in_force_.virtual_services, service.metadata);
    if (!last || !wasComplete(*last)) return;
    if (*last != service) {
      services_[service.metadata.key()] = last;
      held_.push_back(
          {"VirtualService/" + service.metadata.key(),
           "no DestinationRule defines " + missing->text() + " yet; the last version stays"});
    }
    for (const auto& reference : referencesOf(*last, in_force_.agent.cluster_domain))
      if (!new_.have(reference)) keepDefinition(reference);
  }

  std::optional<SubsetReference> firstMissing(const VirtualService& service) const {
    for (auto& reference : referencesOf(service, next_->agent.cluster_domain))
      if (!new_.have(reference)) return reference;
    return std::nullopt;
  }

  bool wasComplete(const VirtualService& service) const {
    const auto references = referencesOf(service, in_force_.agent.cluster_domain);
    return std::ranges::all_of(references,
                               [&](const auto& reference) { return old_.have(reference); });
  }

  void keepDefinition(const SubsetReference& reference) {
    for (const auto& last : old_.of(reference)) {
      const auto key = last->metadata.key();
      const auto current = findByKey(next_->destination_rules, last->metadata);
      if (!current) {
        rules_[key] = last;
      } else if (current->host == last->host) {
        addSubset(current, *last, reference.subset);
      } else {
        continue;  // the rule is about another host now
      }
      HeldBack held{"DestinationRule/" + key,
                    reference.text() +
                        " is still named by a VirtualService; its last definition "
                        "stays"};
      if (said_.insert(held).second) held_.push_back(std::move(held));
    }
  }

  void addSubset(const std::shared_ptr<const DestinationRule>& current, const DestinationRule& last,
                 const std::string& name) {
    auto& kept = rules_[current->metadata.key()];
    auto changed = std::make_shared<DestinationRule>(kept ? *kept : *current);
    if (std::ranges::count(changed->subsets, name, &Subset::name) > 0) return;
    changed->subsets.push_back(*std::ranges::find(last.subsets, name, &Subset::name));
    kept = std::move(changed);
  }

  template <typename T>
  using ByKey = std::map<std::string, std::shared_ptr<const T>>;

  /// Each in its place in the order of the keys, for another version or as a further one.
  template <typename T>
  static void replace(Snapshot::List<T>& list, const ByKey<T>& kept) {
    ByKey<T> all = kept;
    for (const auto& item : list) all.try_emplace(item->metadata.key(), item);
    list.clear();
    for (auto& [key, item] : all) list.push_back(std::move(item));
  }

  std::shared_ptr<const Snapshot> next_;
  const Snapshot& in_force_;
  SubsetDefinitions new_;
  const SubsetDefinitions& old_;
  ByKey<VirtualService> services_;
  ByKey<DestinationRule> rules_;
  std::vector<HeldBack> held_;
  std::set<HeldBack> said_;  ///< of DestinationRules, which several VirtualServices may name
};

}  // namespace

HoldBack::HoldBack()
    : known_(std::make_shared<const Snapshot>()),
      definitions_(std::make_unique<SubsetDefinitions>(definitionsOf(*known_))) {}

HoldBack::~HoldBack() = default;

Consistent HoldBack::update(std::shared_ptr<const Snapshot> next,
                            const std::shared_ptr<const Snapshot>& in_force) {
  follow(in_force);
  if (isComplete(*next, *in_force, *definitions_)) return {std::move(next), {}};
  return Holder(std::move(next), *in_force, *definitions_).hold();
}

void HoldBack::follow(const std::shared_ptr<const Snapshot>& snapshot) {
  const auto last = std::exchange(known_, snapshot);
  if (last == snapshot) return;
  if (definitions_->domain() != snapshot->agent.cluster_domain) {
    *definitions_ = definitionsOf(*snapshot);
    return;
  }
  const auto changes = changesOf(last->destination_rules, snapshot->destination_rules);
  for (const auto& rule : changes.removed) definitions_->remove(rule);
  for (const auto& rule : changes.added) definitions_->add(rule);
}

}  // namespace sluice::routing
