// SPDX-License-Identifier: Apache-2.0
// Istio: destinationrule.SubsetSelectPodAnalyzer. Where Istio looks for a pod anywhere, this looks
// at the workloads that the service has.
#include <fmt/format.h>

#include <algorithm>

#include "userspace/analysis/checks.h"
#include "userspace/routing/names.h"

namespace sluice::analysis {
namespace {

/// What the rule is for, as its clients see it. A wildcard is for whatever it covers.
std::vector<const KnownHost*> servicesOf(const DestinationRule& rule, const Mesh& mesh) {
  return mesh.hosts().find(mesh.fullHost(rule.host, rule.metadata.namespace_),
                           Viewer(rule.metadata, rule.export_to));
}

bool coversSome(const DestinationRule& rule, const Mesh& mesh) {
  return rule.host.starts_with('*') &&
         mesh.hosts().anyMatches(routing::toLower(rule.host),
                                 Viewer(rule.metadata, rule.export_to));
}

std::string hintFor(const DestinationRule& rule, const Mesh& mesh) {
  const std::string meant =
      routing::meantByNameDotNamespace(rule.host, mesh.settings().cluster_domain);
  if (!meant.empty() && mesh.hosts().findAnywhere(meant)) {
    return "only names without a dot get the rule's namespace; write " + meant;
  }
  const std::string elsewhere = mesh.hosts().serviceNamed(rule.host);
  if (elsewhere.empty()) return {};
  return "the rule's namespace has no such service; if you mean that of another, write " +
         elsewhere;
}

bool includesAll(const Labels& labels, const Labels& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& label) {
    const auto& [key, value] = label;
    // An endpoint's place is known by its locality, which takes more than labels.
    if (isTopologyLabel(key)) return !value.empty();
    const auto found = labels.find(key);
    return found != labels.end() && found->second == value;
  });
}

/// The labels that both ask for; nothing when they contradict each other.
std::optional<Labels> united(const Labels& selector, const Labels& subset) {
  Labels both = subset;
  for (const auto& [key, value] : selector) {
    both.insert({key, value});
    if (both.find(key)->second != value) return std::nullopt;
  }
  return both;
}

bool selects(const Labels& selector, const Labels& subset, const std::string& in,
             const Mesh& mesh) {
  const auto labels = united(selector, subset);
  return labels && mesh.workloads().any(in, *labels);
}

bool hasWorkload(const KnownHost& host, const Labels& subset, const Mesh& mesh) {
  const std::string& in = host.metadata().namespace_;
  if (host.service) return selects(host.service->selector, subset, in, mesh);
  if (host.entry->workload_selector) {
    return selects(host.entry->workload_selector->labels, subset, in, mesh);
  }
  // Without endpoints, what the host's name resolves to: a server without labels.
  if (host.entry->endpoints.empty()) return subset.empty();
  return std::ranges::any_of(host.entry->endpoints, [&](const WorkloadEndpoint& endpoint) {
    return includesAll(endpoint.labels, subset);
  });
}

}  // namespace

void checkDestinationRuleHosts(const Mesh& mesh, Report& report) {
  for (const DestinationRule* rule : mesh.destinationRules()) {
    if (!servicesOf(*rule, mesh).empty() || coversSome(*rule, mesh)) continue;
    report.add({code::kIstioUnknownDestinationRuleHost, subjectOf(*rule),
                source::FieldPath("spec") / "host",
                fmt::format("\"{}\" names no service", rule->host), hintFor(*rule, mesh)});
  }
}

void checkSubsetWorkloads(const Mesh& mesh, Report& report) {
  for (const DestinationRule* rule : mesh.destinationRules()) {
    const auto services = servicesOf(*rule, mesh);
    if (services.empty()) continue;
    for (size_t i = 0; i < rule->subsets.size(); ++i) {
      const Subset& subset = rule->subsets[i];
      const bool found = std::ranges::any_of(
          services, [&](const KnownHost* host) { return hasWorkload(*host, subset.labels, mesh); });
      if (found) continue;
      report.add({code::kIstioSubsetWithoutPods, subjectOf(*rule),
                  (source::FieldPath("spec") / "subsets")[i] / "labels",
                  fmt::format("no workload of {} has the labels of subset \"{}\"", rule->host,
                              subset.name)});
    }
  }
}

}  // namespace sluice::analysis
