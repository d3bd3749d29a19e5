// SPDX-License-Identifier: Apache-2.0
// Where things run, as labels (Istio: AugmentLabels, getPodLocality).
#pragma once

#include <string>

#include "userspace/model/kubernetes.h"
#include "userspace/model/service_entry.h"
#include "userspace/routing/registry_service.h"

namespace sluice::routing {

inline constexpr const char* kRegionLabel = "topology.kubernetes.io/region";
inline constexpr const char* kZoneLabel = "topology.kubernetes.io/zone";
inline constexpr const char* kSubzoneLabel = "topology.istio.io/subzone";
inline constexpr const char* kNetworkLabel = "topology.istio.io/network";
inline constexpr const char* kClusterLabel = "topology.istio.io/cluster";
inline constexpr const char* kHostnameLabel = "kubernetes.io/hostname";

/// "region/zone/subzone" of a node's labels, the old names of Kubernetes included; without the
/// parts at the end that are not known.
std::string localityOf(const Labels& node_labels);

/// The same of labels that `placeLabels` are among.
std::string localityIn(const Labels& labels);

/// Where a pod runs: where its label istio-locality says, else where its node is; `node` is null
/// when it is not known.
std::string localityOf(const Pod& pod, const Node* node);
std::string localityOf(const WorkloadEndpoint& endpoint);

/// What `locality`, `node` and `network` say, each where it is not empty, as labels.
Labels placeLabels(const std::string& locality, const std::string& node,
                   const std::string& network);

/// Of an endpoint of a ServiceEntry, or of a WorkloadEntry: `name` is "shop/vm-1" then, and empty
/// otherwise.
EndpointOrigin originOf(const WorkloadEndpoint& endpoint, std::string name);

}  // namespace sluice::routing
