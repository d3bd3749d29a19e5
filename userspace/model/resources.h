// SPDX-License-Identifier: Apache-2.0
// The resources that Sluice reads, typed, and all that is known of them at one moment.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "userspace/base/shared_vector.h"
#include "userspace/model/destination_rule.h"
#include "userspace/model/kubernetes.h"
#include "userspace/model/service_entry.h"
#include "userspace/model/sluice_resources.h"
#include "userspace/model/virtual_service.h"

namespace sluice {

/// Everything that is known at one moment; immutable, so that it can be shared between threads.
/// Each list is in the order of its resources' keys; successive snapshots share those that stay as
/// they are.
struct Snapshot {
  template <typename T>
  using List = SharedVector<std::shared_ptr<const T>>;
  /// Some of a list, in an order of their own.
  template <typename T>
  using Selection = std::vector<std::shared_ptr<const T>>;

  uint64_t revision = 0;
  List<VirtualService> virtual_services;
  List<DestinationRule> destination_rules;
  List<ServiceEntry> service_entries;
  List<WorkloadEntry> workload_entries;
  List<Sidecar> sidecars;
  List<Service> services;
  List<EndpointSlice> endpoint_slices;
  List<Endpoints> endpoints;
  List<Pod> pods;
  List<Node> nodes;
  List<Namespace> namespaces;
  List<Deployment> deployments;
  List<Workload> workloads;
  AgentSettings agent;
};

}  // namespace sluice
