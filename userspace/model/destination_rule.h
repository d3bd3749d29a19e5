// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, DestinationRule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userspace/base/rare.h"
#include "userspace/model/traffic_policy.h"

namespace sluice {

/// `matchLabels` of a DestinationRule, `labels` of a Sidecar or ServiceEntry. No label: all.
struct WorkloadSelector {
  Labels labels;
  friend bool operator==(const WorkloadSelector&, const WorkloadSelector&) = default;
};

struct Subset {
  std::string name;
  Labels labels;
  Rare<TrafficPolicy> traffic_policy;
  friend bool operator==(const Subset&, const Subset&) = default;
};

struct DestinationRule {
  Metadata metadata;
  std::string host;
  std::vector<Subset> subsets;
  Rare<TrafficPolicy> traffic_policy;
  std::vector<std::string> export_to;  ///< empty: everyone
  std::optional<WorkloadSelector> workload_selector;
  friend bool operator==(const DestinationRule&, const DestinationRule&) = default;
};

}  // namespace sluice
