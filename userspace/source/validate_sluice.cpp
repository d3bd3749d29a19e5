// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "userspace/source/codes.h"
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"
#include "userspace/source/validate_http_actions.h"
#include "userspace/source/validate_traffic_policy.h"

namespace sluice::source {
namespace {

bool climbsUp(std::string_view path) {
  const std::string whole = std::string(path) + "/";
  return whole.find("/../") != std::string::npos;
}

Complaint checkAbsolutePath(std::string_view path) {
  if (!path.starts_with('/')) return "must start with a slash";
  if (climbsUp(path)) return "may not climb up with \"..\"";
  return std::nullopt;
}

/// The root cgroup holds everything on the node, the agent itself included.
Complaint checkCgroup(std::string_view path) {
  if (std::ranges::all_of(path, [](char c) { return c == '/'; })) {
    return "is the whole node; name the cgroup of one workload";
  }
  return checkAbsolutePath(path);
}

/// Istio: ValidateMeshConfig.
void checkMesh(const AgentSettings& resource, const FieldPath& mesh, Findings& findings) {
  const std::string no_namespace;
  checkExportTo(resource.default_service_export_to, no_namespace, ExportRules::kServiceEntry,
                mesh / "defaultServiceExportTo", findings);
  checkExportTo(resource.default_virtual_service_export_to, no_namespace, ExportRules::kRule,
                mesh / "defaultVirtualServiceExportTo", findings);
  checkExportTo(resource.default_destination_rule_export_to, no_namespace, ExportRules::kRule,
                mesh / "defaultDestinationRuleExportTo", findings);
  if (resource.default_http_retry_policy) {
    checkRetries(*resource.default_http_retry_policy, mesh / "defaultHttpRetryPolicy", findings);
  }
  if (resource.locality_lb_setting) {
    // Whether there is outlier detection is for each DestinationRule to say.
    checkLocality(*resource.locality_lb_setting, PolicyPlace::kTop, true,
                  mesh / "localityLbSetting", findings);
  }
  if (resource.default_traffic_policy) {
    checkPolicyBlocks(*resource.default_traffic_policy, PolicyPlace::kTop, resource.root_namespace,
                      mesh / "defaultTrafficPolicy", findings);
  }
}

}  // namespace

void validate(const AgentSettings& resource, Findings& findings) {
  const FieldPath spec("spec");
  checkMetadata(resource.metadata, findings);
  report(findings, code::kInvalidValue, spec / "clusterDomain", resource.cluster_domain,
         checkDns1123Subdomain(resource.cluster_domain));
  report(findings, code::kInvalidValue, spec / "rootNamespace", resource.root_namespace,
         checkDns1123Label(resource.root_namespace));
  if (!resource.node_name.empty()) {
    report(findings, code::kInvalidValue, spec / "nodeName", resource.node_name,
           checkDns1123Subdomain(resource.node_name));
  }
  checkMesh(resource, spec / "mesh", findings);
}

void validate(const Workload& resource, Findings& findings) {
  const FieldPath spec("spec");
  checkMetadata(resource.metadata, findings);
  report(findings, code::kInvalidValue, spec / "cgroup", resource.cgroup,
         checkCgroup(resource.cgroup));
  report(findings, code::kInvalidValue, spec / "networkNamespace", resource.network_namespace,
         checkAbsolutePath(resource.network_namespace));
}

}  // namespace sluice::source
