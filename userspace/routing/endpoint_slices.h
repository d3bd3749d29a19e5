// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "userspace/routing/kubernetes_services.h"

namespace sluice::routing {

/// Adds the endpoints of the service's slices to its ports, which they meet by name; those of its
/// Endpoints where there is no slice. The pods that were asked for are added to `needs`.
///
/// Istio: an endpoint of a pod that is not known waits for it, because it could be in no subset;
/// one that terminates is gone; one that is not ready otherwise is there, and never picked, unless
/// the Service says publishNotReadyAddresses. Slices of host names are not read.
void addEndpoints(const ServiceRecord& record, PodIndex& pods, PodIndex::Needs& needs,
                  std::vector<RegistryPort>& ports);

}  // namespace sluice::routing
