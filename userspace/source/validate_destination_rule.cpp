// SPDX-License-Identifier: Apache-2.0
// DestinationRule as a whole; its policies are in validate_traffic_policy.cpp.
#include <fmt/format.h>

#include <unordered_set>

#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"
#include "userspace/source/validate_traffic_policy.h"

namespace sluice::source {
namespace {

/// Istio: validateSubset.
void checkSubset(const Subset& subset, const std::string& own_namespace, const FieldPath& path,
                 Findings& findings) {
  reportInvalid(findings, path / "name", subset.name, checkLabelName(subset.name),
                hint::kLabelName);
  checkLabels(subset.labels, path / "labels", findings);
  if (!subset.traffic_policy) return;
  checkTrafficPolicy(*subset.traffic_policy, PolicyPlace::kSubset, own_namespace,
                     path / "trafficPolicy", findings);
}

/// Istio: "duplicate subset names". Routes name subsets, so a name means one of them.
void checkSubsets(const DestinationRule& resource, const FieldPath& path, Findings& findings) {
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i < resource.subsets.size(); ++i) {
    const Subset& subset = resource.subsets[i];
    checkSubset(subset, resource.metadata.namespace_, path[i], findings);
    if (names.insert(subset.name).second) continue;
    findings.invalid(path[i] / "name",
                     fmt::format("subset \"{}\" is here twice", subset.name.substr(0, 63)),
                     "rename one of them");
  }
}

}  // namespace

void validate(const DestinationRule& resource, Findings& findings) {
  const FieldPath spec("spec");
  const Metadata& metadata = resource.metadata;
  checkMetadata(metadata, findings);
  checkAnnotations(metadata, findings);
  reportInvalid(findings, spec / "host", resource.host, checkWildcardDomain(resource.host),
                hint::kHost);
  if (resource.traffic_policy) {
    checkTrafficPolicy(*resource.traffic_policy, PolicyPlace::kTop, metadata.namespace_,
                       spec / "trafficPolicy", findings);
  }
  checkSubsets(resource, spec / "subsets", findings);
  checkSelector(resource.workload_selector, "matchLabels", spec / "workloadSelector", findings);
  checkExportTo(resource.export_to, metadata.namespace_,
                resource.workload_selector ? ExportRules::kRuleForWorkloads : ExportRules::kRule,
                spec / "exportTo", findings);
}

}  // namespace sluice::source
