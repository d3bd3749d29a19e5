// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "userspace/source/codes.h"
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

/// Istio: "traffic policy must have at least one field".
void checkPolicy(const std::optional<TrafficPolicy>& policy, const FieldPath& path,
                 Findings& findings) {
  if (policy && *policy == TrafficPolicy{}) {
    findings.invalid(path, "must set at least one policy", "remove it, or set loadBalancer");
  }
}

void checkSubset(const Subset& subset, const FieldPath& path, Findings& findings) {
  report(findings, code::kIstioInvalid, path / "name", subset.name, checkDns1123Label(subset.name));
  checkLabels(subset.labels, path / "labels", findings);
  checkPolicy(subset.traffic_policy, path / "trafficPolicy", findings);
}

/// Istio: routes name subsets, so a name means one of them.
void checkSubsets(const std::vector<Subset>& subsets, const FieldPath& path, Findings& findings) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < subsets.size(); ++i) {
    checkSubset(subsets[i], path[i], findings);
    if (names.insert(subsets[i].name).second) continue;
    findings.invalid(path[i] / "name", fmt::format("subset \"{}\" is here twice", subsets[i].name),
                     "rename one of them");
  }
}

}  // namespace

void validate(const DestinationRule& resource, Findings& findings) {
  const FieldPath spec("spec");
  checkMetadata(resource.metadata, findings);
  checkAnnotations(resource.metadata, findings);
  if (!IpAddress::parse(resource.host).ok()) {
    report(findings, code::kIstioInvalid, spec / "host", resource.host,
           checkWildcardDomain(resource.host));
  }
  checkPolicy(resource.traffic_policy, spec / "trafficPolicy", findings);
  checkSubsets(resource.subsets, spec / "subsets", findings);
  checkExportTo(resource.export_to, resource.metadata.namespace_, spec / "exportTo", findings);
}

}  // namespace sluice::source
