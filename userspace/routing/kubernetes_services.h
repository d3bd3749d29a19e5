// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/pod_index.h"
#include "userspace/routing/registry_service.h"

namespace sluice::routing {

/// A Service and everything that says where its endpoints are.
struct ServiceRecord {
  std::string key;                          ///< "shop/catalog"
  std::shared_ptr<const Service> resource;  ///< null: not known (yet)
  Snapshot::Selection<EndpointSlice> slices;
  std::shared_ptr<const Endpoints> endpoints;
  PodIndex::Needs needs;                           ///< of `service`
  std::shared_ptr<const RegistryService> service;  ///< what was made of it; null: nothing
};

/// What services of a namespace get where they say nothing themselves.
struct ServiceDefaults {
  std::string cluster_domain;
  std::vector<std::string> export_to;
  TrafficDistribution traffic_distribution = TrafficDistribution::kAny;
};

/// What `record.resource` and its endpoints say; the pods that were asked for are added to `needs`.
RegistryService describeService(const ServiceRecord& record, const ServiceDefaults& defaults,
                                PodIndex& pods, PodIndex::Needs& needs);

/// Istio, GetTrafficDistribution: the field, the annotation
/// networking.istio.io/traffic-distribution in any case, else `otherwise`; what is not known is as
/// if it were not there.
TrafficDistribution trafficDistributionOf(const std::string& field, const Labels& annotations,
                                          TrafficDistribution otherwise);

}  // namespace sluice::routing
