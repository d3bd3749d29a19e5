// SPDX-License-Identifier: Apache-2.0
// Policies of a DestinationRule, its subsets and its ports.
#pragma once

#include <string_view>

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// Where a policy is. Istio loses the warnings of policies of subsets and ports on their way up;
/// so a resource that is silent in a cluster is silent here.
enum class PolicyPlace { kTop, kSubset, kPort };

/// Istio: validateTrafficPolicy. `own_namespace` is the rule's.
void checkTrafficPolicy(const TrafficPolicy& policy, PolicyPlace place,
                        std::string_view own_namespace, const FieldPath& path, Findings& findings);

/// The blocks that ports and subsets have as well.
void checkPolicyBlocks(const PolicyBlocks& blocks, PolicyPlace place,
                       std::string_view own_namespace, const FieldPath& path, Findings& findings);

/// Istio: validateConnectionPool.
void checkConnectionPool(const ConnectionPoolSettings& pool, const FieldPath& path,
                         Findings& findings);

/// Istio: validateOutlierDetection.
void checkOutlierDetection(const OutlierDetection& outlier, PolicyPlace place,
                           const FieldPath& path, Findings& findings);

/// Istio: agent.ValidateTLS.
void checkTls(const ClientTlsSettings& tls, std::string_view own_namespace, const FieldPath& path,
              Findings& findings);

/// Istio: validateLoadBalancer; failover needs the outlier detection of the same policy.
void checkLoadBalancer(const LoadBalancerSettings& balancer, PolicyPlace place,
                       bool has_outlier_detection, const FieldPath& path, Findings& findings);

/// Istio: agent.ValidateLocalityLbSetting.
void checkLocality(const LocalityLbSetting& setting, PolicyPlace place, bool has_outlier_detection,
                   const FieldPath& path, Findings& findings);

}  // namespace sluice::source
