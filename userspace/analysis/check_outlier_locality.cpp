// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "userspace/analysis/checks.h"

namespace sluice::analysis {
namespace {

using source::FieldPath;

bool decidesLocality(const PolicyBlocks& policy) {
  return policy.load_balancer && policy.load_balancer->locality_lb_setting;
}

/// The first outlierDetection of the rule beside which nothing is said of localities.
std::optional<FieldPath> firstSilent(const DestinationRule& rule) {
  const auto silent = [](const PolicyBlocks& policy) {
    return policy.outlier_detection && !decidesLocality(policy);
  };
  const FieldPath spec("spec");
  bool decided = false;
  if (rule.traffic_policy) {
    const FieldPath path = spec / "trafficPolicy";
    decided = decidesLocality(*rule.traffic_policy);
    if (silent(*rule.traffic_policy)) return path / "outlierDetection";
    const auto& ports = rule.traffic_policy->port_level_settings;
    for (size_t i = 0; i < ports.size(); ++i) {
      if (silent(ports[i])) return (path / "portLevelSettings")[i] / "outlierDetection";
    }
  }
  for (size_t i = 0; i < rule.subsets.size() && !decided; ++i) {
    const auto& policy = rule.subsets[i].traffic_policy;
    if (policy && silent(*policy)) {
      return (spec / "subsets")[i] / "trafficPolicy" / "outlierDetection";
    }
  }
  return std::nullopt;
}

/// Whether the mesh has switched locality load balancing off.
bool isOff(const std::optional<LocalityLbSetting>& mesh) {
  return mesh && mesh->enabled && !*mesh->enabled;
}

}  // namespace

void checkOutlierLocality(const Mesh& mesh, Report& report) {
  if (isOff(mesh.settings().locality_lb_setting)) return;
  for (const auto& rule : mesh.inForce().destination_rules) {
    const auto field = firstSilent(*rule);
    if (!field) continue;
    report.add({code::kOutlierLocality, subjectOf(*rule), *field,
                "endpoints of other zones get requests only when those nearby fail"});
  }
}

}  // namespace sluice::analysis
