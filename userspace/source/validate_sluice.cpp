// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "userspace/source/codes.h"
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"

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

}  // namespace

void validate(const AgentSettings& resource, Findings& findings) {
  const FieldPath spec("spec");
  checkMetadata(resource.metadata, findings);
  report(findings, code::kInvalidValue, spec / "clusterDomain", resource.cluster_domain,
         checkDns1123Subdomain(resource.cluster_domain));
  report(findings, code::kInvalidValue, spec / "rootNamespace", resource.root_namespace,
         checkDns1123Label(resource.root_namespace));
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
