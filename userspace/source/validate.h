// SPDX-License-Identifier: Apache-2.0
// What is wrong with one resource, looked at alone. Rules are Istio's where Istio has the kind
// (pkg/config/validation), else Kubernetes' or ours; each is one function, named after what it
// refuses. validate() is called only for what has been decoded without an error.
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

void validate(const VirtualService& resource, Findings& findings);
void validate(const DestinationRule& resource, Findings& findings);
void validate(const ServiceEntry& resource, Findings& findings);
void validate(const WorkloadEntry& resource, Findings& findings);
void validate(const Sidecar& resource, Findings& findings);
void validate(const Service& resource, Findings& findings);
void validate(const EndpointSlice& resource, Findings& findings);
void validate(const Endpoints& resource, Findings& findings);
void validate(const Pod& resource, Findings& findings);
void validate(const Node& resource, Findings& findings);
void validate(const Namespace& resource, Findings& findings);
void validate(const Deployment& resource, Findings& findings);
void validate(const AgentSettings& resource, Findings& findings);
void validate(const Workload& resource, Findings& findings);

}  // namespace sluice::source
