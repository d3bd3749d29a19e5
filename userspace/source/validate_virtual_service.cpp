// SPDX-License-Identifier: Apache-2.0
// VirtualService as a whole; its rules are in validate_http_route.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "userspace/source/codes.h"
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"
#include "userspace/source/validate_http_route.h"

namespace sluice::source {
namespace {

bool appliesToMesh(const VirtualService& resource) {
  return resource.gateways.empty() || std::ranges::count(resource.gateways, "mesh") > 0;
}

/// Istio: validateVirtualServiceHosts. An address or a DNS name with at most one wildcard in front.
void checkHost(const std::string& host, const FieldPath& path, bool mesh, Findings& findings) {
  if (IpAddress::parse(host).ok()) return;
  if (host == "*" && mesh) {
    return findings.invalid(path, "\"*\" is not allowed for clients in the mesh",
                            "name the services, or only gateways");
  }
  report(findings, code::kIstioInvalid, path, host, checkWildcardDomain(host));
}

/// Whether `pattern` stands for `host` too, text by text.
bool covers(std::string_view pattern, std::string_view host) {
  if (pattern == host) return true;
  return pattern.starts_with('*') && host.size() >= pattern.size() &&
         host.ends_with(pattern.substr(1));
}

/// Istio: "duplicate hosts", also when a wildcard includes another one.
void checkDuplicateHosts(const std::vector<std::string>& hosts, const FieldPath& path,
                         Findings& findings) {
  for (size_t i = 0; i < hosts.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (!covers(hosts[i], hosts[j]) && !covers(hosts[j], hosts[i])) continue;
      findings.invalid(
          path, fmt::format("\"{}\" and \"{}\" name the same host twice", hosts[j], hosts[i]),
          "remove one of them");
      return;
    }
  }
}

void checkHosts(const VirtualService& resource, const FieldPath& spec, Findings& findings) {
  const FieldPath path = spec / "hosts";
  if (resource.hosts.empty()) {
    return findings.error(code::kNotSupported, path,
                          "a VirtualService without hosts is the target of a delegation, which "
                          "this version does not support yet",
                          "name the hosts");
  }
  for (size_t i = 0; i < resource.hosts.size(); ++i) {
    checkHost(resource.hosts[i], path[i], appliesToMesh(resource), findings);
  }
  checkDuplicateHosts(resource.hosts, path, findings);
}

void checkSomeRule(const VirtualService& resource, const FieldPath& spec, Findings& findings) {
  if (resource.http.empty()) findings.invalid(spec, "http must have at least one rule");
}

}  // namespace

void validate(const VirtualService& resource, Findings& findings) {
  const FieldPath spec("spec");
  checkMetadata(resource.metadata, findings);
  checkAnnotations(resource.metadata, findings);
  checkHosts(resource, spec, findings);
  checkGateways(resource.gateways, spec / "gateways", findings);
  checkSomeRule(resource, spec, findings);
  for (size_t i = 0; i < resource.http.size(); ++i) {
    checkHttpRoute(resource.http[i], (spec / "http")[i], findings);
  }
  checkExportTo(resource.export_to, resource.metadata.namespace_, spec / "exportTo", findings);
}

}  // namespace sluice::source
