// SPDX-License-Identifier: Apache-2.0
// Which DestinationRules are found by whom (Istio: PushContext.destinationRule): the first of the
// client's namespace, the service's and the root namespace that has any rule that fits.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "userspace/analysis/checks.h"

namespace sluice::analysis {
namespace {

using Rules = std::vector<const DestinationRule*>;

class RulesByHost {
 public:
  explicit RulesByHost(const Mesh& mesh) {
    for (const auto& rule : mesh.inForce().destination_rules) {
      by_host_[mesh.fullHost(rule->host, rule->metadata.namespace_)].push_back(rule.get());
    }
  }

  bool hasIn(const std::string& in, const std::string& host) const {
    const Rules* rules = find(host);
    return rules != nullptr && std::ranges::any_of(*rules, [&](const DestinationRule* rule) {
             return rule->metadata.namespace_ == in;
           });
  }

  /// Wildcards that cover `host`.
  Rules covering(const std::string& host) const {
    Rules found;
    for (size_t i = 1; i <= host.size(); ++i) {
      if (const Rules* rules = find("*" + host.substr(i))) {
        found.insert(found.end(), rules->begin(), rules->end());
      }
    }
    return found;
  }

 private:
  const Rules* find(const std::string& host) const {
    const auto found = by_host_.find(host);
    return found == by_host_.end() ? nullptr : &found->second;
  }
  std::unordered_map<std::string, Rules> by_host_;
};

/// Of the services under the rule's own host; empty when there is no such service.
std::set<std::string> serviceNamespaces(const DestinationRule& rule, const Mesh& mesh) {
  std::set<std::string> namespaces;
  for (const KnownHost* host : mesh.hosts().find(mesh.fullHost(rule.host, rule.metadata.namespace_),
                                                 Viewer(rule.metadata, rule.export_to))) {
    namespaces.insert(host->metadata().namespace_);
  }
  return namespaces;
}

bool isForOthers(const DestinationRule& rule) {
  const std::string& own = rule.metadata.namespace_;
  return !rule.workload_selector &&
         (rule.export_to.empty() || std::ranges::any_of(rule.export_to, [&](const auto& scope) {
            return scope != "." && scope != own;
          }));
}

void checkForeign(const DestinationRule& rule, const std::set<std::string>& namespaces,
                  Report& report) {
  report.add({code::kForeignDestinationRule, subjectOf(rule), source::FieldPath("spec") / "host",
              fmt::format("only clients in namespace {} find this rule: its service is in {}",
                          rule.metadata.namespace_, *namespaces.begin())});
}

class HiddenRules {
 public:
  HiddenRules(const Mesh& mesh, Report& report) : mesh_(mesh), rules_(mesh), report_(report) {}

  /// Reports each wildcard that hides `exact` from clients who would find it otherwise.
  void check(const DestinationRule& exact) {
    const std::string host = mesh_.fullHost(exact.host, exact.metadata.namespace_);
    for (const DestinationRule* wildcard : rules_.covering(host)) {
      const std::string& in = wildcard->metadata.namespace_;
      const bool hides = in != exact.metadata.namespace_ && in != mesh_.settings().root_namespace &&
                         !rules_.hasIn(in, host);
      if (hides && reported_.insert(wildcard).second) add(*wildcard, exact);
    }
  }

 private:
  void add(const DestinationRule& wildcard, const DestinationRule& exact) {
    report_.add(
        {code::kHiddenDestinationRule, subjectOf(wildcard), source::FieldPath("spec") / "host",
         fmt::format("\"{}\" hides DestinationRule {} for \"{}\" from clients in namespace {}",
                     wildcard.host, exact.metadata.key(), exact.host,
                     wildcard.metadata.namespace_)});
  }

  const Mesh& mesh_;
  const RulesByHost rules_;
  Report& report_;
  std::set<const DestinationRule*> reported_;
};

}  // namespace

void checkDestinationRuleLookup(const Mesh& mesh, Report& report) {
  HiddenRules hidden(mesh, report);
  for (const auto& rule : mesh.inForce().destination_rules) {
    if (rule->host.starts_with('*')) continue;
    const auto namespaces = serviceNamespaces(*rule, mesh);
    const std::string& own = rule->metadata.namespace_;
    const bool found_by_all = namespaces.contains(own) || own == mesh.settings().root_namespace;
    if (found_by_all) {
      hidden.check(*rule);
    } else if (!namespaces.empty() && isForOthers(*rule)) {
      checkForeign(*rule, namespaces, report);
    }
  }
}

}  // namespace sluice::analysis
