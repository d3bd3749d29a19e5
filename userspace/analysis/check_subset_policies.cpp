// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "userspace/analysis/checks.h"
#include "userspace/analysis/destinations.h"
#include "userspace/routing/names.h"

namespace sluice::analysis {
namespace {

/// By name of the subset, the hosts that some route uses it of.
using UsedSubsets = std::map<std::string, std::set<std::string>>;

UsedSubsets usedSubsets(const Mesh& mesh) {
  UsedSubsets used;
  for (const VirtualService* service : mesh.virtualServices()) {
    forEachDestination(*service, [&](const DestinationUse& use) {
      if (use.destination.subset.empty()) return;
      used[use.destination.subset].insert(
          mesh.fullHost(use.destination.host, service->metadata.namespace_));
    });
  }
  return used;
}

bool isUsed(const UsedSubsets& used, const std::string& host, const std::string& subset) {
  const auto hosts = used.find(subset);
  if (hosts == used.end()) return false;
  if (!host.starts_with('*')) return hosts->second.contains(host);
  return std::ranges::any_of(
      hosts->second, [&](const std::string& one) { return routing::hostMatches(host, one); });
}

}  // namespace

void checkSubsetPolicies(const Mesh& mesh, Report& report) {
  const UsedSubsets used = usedSubsets(mesh);
  for (const auto& rule : mesh.inForce().destination_rules) {
    const std::string host = mesh.fullHost(rule->host, rule->metadata.namespace_);
    for (size_t i = 0; i < rule->subsets.size(); ++i) {
      const Subset& subset = rule->subsets[i];
      if (!subset.traffic_policy || isUsed(used, host, subset.name)) continue;
      report.add(
          {code::kUnusedSubsetPolicy, subjectOf(*rule),
           (source::FieldPath("spec") / "subsets")[i] / "trafficPolicy",
           fmt::format("no route uses subset \"{}\", so its policy never acts", subset.name)});
    }
  }
}

}  // namespace sluice::analysis
