// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/checks.h"

namespace sluice::analysis {
namespace {

using source::FieldPath;

void checkBlocks(const PolicyBlocks& blocks, const FieldPath& path, Subject subject,
                 Report& report) {
  if (!blocks.load_balancer || !blocks.load_balancer->consistent_hash) return;
  const auto& hash = *blocks.load_balancer->consistent_hash;
  if (!hash.ring_hash && !hash.minimum_ring_size) return;
  report.add(
      {code::kRingHash, subject,
       path / "loadBalancer" / "consistentHash" / (hash.ring_hash ? "ringHash" : "minimumRingSize"),
       "a Maglev table of 65537 slots is used instead"});
}

void checkPolicy(const TrafficPolicy& policy, const FieldPath& path, Subject subject,
                 Report& report) {
  checkBlocks(policy, path, subject, report);
  for (size_t i = 0; i < policy.port_level_settings.size(); ++i)
    checkBlocks(policy.port_level_settings[i], (path / "portLevelSettings")[i], subject, report);
}

}  // namespace

void checkRingHash(const Mesh& mesh, Report& report) {
  const FieldPath spec("spec");
  for (const DestinationRule* rule : mesh.destinationRules()) {
    const auto subject = subjectOf(*rule);
    if (rule->traffic_policy)
      checkPolicy(*rule->traffic_policy, spec / "trafficPolicy", subject, report);
    for (size_t i = 0; i < rule->subsets.size(); ++i)
      if (const auto& policy = rule->subsets[i].traffic_policy)
        checkPolicy(*policy, (spec / "subsets")[i] / "trafficPolicy", subject, report);
  }
}

}  // namespace sluice::analysis
