// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/hold_back.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "userspace/routing/hosts_by_ending.h"
#include "userspace/routing/names.h"
#include "userspace/routing/snapshot_changes.h"

namespace sluice::routing {
namespace {

template <typename T>
std::shared_ptr<const T> findByKey(const Snapshot::List<T>& list, const Metadata& metadata) {
  const auto found = std::ranges::lower_bound(
      list, metadata.key(), {}, [](const auto& item) { return item->metadata.key(); });
  if (found == list.end() || (*found)->metadata.key() != metadata.key()) return nullptr;
  return *found;
}

/// A subset as a rule names it.
struct Reference {
  std::string host;  ///< full
  std::string subset;
  auto operator<=>(const Reference&) const = default;
  std::string text() const { return "subset " + subset + " of " + host; }
};

std::vector<Reference> referencesOf(const VirtualService& service, const std::string& domain) {
  std::vector<Reference> all;
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

/// Which DestinationRules of a snapshot define a subset. Visibility is not looked at: whether a
/// client may see the rule does not change by the order in which files arrive.
class Definitions {
 public:
  explicit Definitions(const Snapshot& snapshot)
      : Definitions(snapshot.destination_rules, snapshot.agent.cluster_domain) {}

  Definitions(const Snapshot::List<DestinationRule>& rules, const std::string& domain) {
    for (const auto& rule : rules) {
      const auto host = fullHost(rule->host, rule->metadata.namespace_, domain);
      for (const auto& subset : rule->subsets) rules_[{host, subset.name}].push_back(rule);
    }
  }

  /// Whether all subsets of `other` are defined here, for the very hosts.
  bool cover(const Definitions& other) const {
    return std::ranges::all_of(other.rules_,
                               [&](const auto& entry) { return rules_.contains(entry.first); });
  }

  using Rules = std::vector<std::shared_ptr<const DestinationRule>>;

  /// Those of the reference's own host, else those of the longest wildcard that covers it; or none.
  Rules of(const Reference& reference) const {
    if (const auto found = rules_.find(reference); found != rules_.end()) return found->second;
    Rules found;
    forEachWildcardAbove(reference.host, [&](const auto& wildcard) {
      if (!found.empty()) return;
      const auto at = rules_.find({wildcard, reference.subset});
      if (at != rules_.end()) found = at->second;
    });
    return found;
  }

  bool have(const Reference& reference) const { return !of(reference).empty(); }

 private:
  std::map<Reference, Rules> rules_;
};

/// What a host and its full name have in common.
std::string firstLabel(std::string_view host) { return toLower(host.substr(0, host.find('.'))); }

/// Whether each subset is defined for the very host that is named with it.
bool areDefined(std::set<Reference> wanted, const Snapshot& snapshot) {
  std::set<std::string> labels;
  for (const auto& reference : wanted) labels.insert(firstLabel(reference.host));
  for (const auto& rule : snapshot.destination_rules) {
    if (!labels.contains(firstLabel(rule->host))) continue;  // as nearly all
    const auto host =
        fullHost(rule->host, rule->metadata.namespace_, snapshot.agent.cluster_domain);
    for (const auto& subset : rule->subsets) wanted.erase({host, subset.name});
  }
  return wanted.empty();
}

/// Whether `next` cannot have lost a definition, nor need one that it does not have: most updates
/// are of this kind, and cost no look at the rules.
bool isComplete(const Snapshot& next, const Snapshot& in_force) {
  const auto& domain = next.agent.cluster_domain;
  if (domain != in_force.agent.cluster_domain) return false;
  const auto rules = changesOf(in_force.destination_rules, next.destination_rules);
  if (!Definitions(rules.added, domain).cover(Definitions(rules.removed, domain))) return false;
  const auto services = changesOf(in_force.virtual_services, next.virtual_services);
  std::set<Reference> wanted;
  for (const auto& service : services.added)
    for (auto& reference : referencesOf(*service, domain)) wanted.insert(std::move(reference));
  return wanted.empty() || areDefined(std::move(wanted), next);
}

/// Builds the snapshot that takes the place of `next`.
class Holder {
 public:
  Holder(std::shared_ptr<const Snapshot> next, const Snapshot& in_force)
      : next_(std::move(next)), in_force_(in_force), new_(*next_), old_(in_force) {}

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

  std::optional<Reference> firstMissing(const VirtualService& service) const {
    for (auto& reference : referencesOf(service, next_->agent.cluster_domain))
      if (!new_.have(reference)) return reference;
    return std::nullopt;
  }

  bool wasComplete(const VirtualService& service) const {
    const auto references = referencesOf(service, in_force_.agent.cluster_domain);
    return std::ranges::all_of(references,
                               [&](const auto& reference) { return old_.have(reference); });
  }

  void keepDefinition(const Reference& reference) {
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
  Definitions new_;
  Definitions old_;
  ByKey<VirtualService> services_;
  ByKey<DestinationRule> rules_;
  std::vector<HeldBack> held_;
  std::set<HeldBack> said_;  ///< of DestinationRules, which several VirtualServices may name
};

}  // namespace

Consistent holdBack(std::shared_ptr<const Snapshot> next, const Snapshot& in_force) {
  if (isComplete(*next, in_force)) return {std::move(next), {}};
  return Holder(std::move(next), in_force).hold();
}

}  // namespace sluice::routing
