// SPDX-License-Identifier: Apache-2.0
// The API server has checked these objects; files may say anything. Only what Sluice uses is
// looked at.
#include "userspace/source/codes.h"
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

void checkAddress(const std::string& address, const FieldPath& path, Findings& findings) {
  if (IpAddress::parse(address).ok()) return;
  report(findings, code::kInvalidValue, path, address, "is no IP address");
}

void checkPortNumber(uint16_t port, const FieldPath& path, Findings& findings) {
  if (port != 0) return;
  findings.error(code::kInvalidValue, path, "must be a port, 1 to 65535");
}

}  // namespace

void validate(const Service& resource, Findings& findings) {
  const FieldPath spec("spec");
  checkMetadata(resource.metadata, findings);
  for (size_t i = 0; i < resource.ports.size(); ++i) {
    checkPortNumber(resource.ports[i].port, (spec / "ports")[i] / "port", findings);
  }
  for (size_t i = 0; i < resource.cluster_ips.size(); ++i) {
    const std::string& ip = resource.cluster_ips[i];
    // "None": headless; "": not allocated yet.
    if (!ip.empty() && ip != "None") checkAddress(ip, (spec / "clusterIPs")[i], findings);
  }
}

void validate(const EndpointSlice& resource, Findings& findings) {
  checkMetadata(resource.metadata, findings);
  for (size_t i = 0; i < resource.ports.size(); ++i) {
    const FieldPath path = FieldPath("ports")[i] / "port";
    if (resource.ports[i].port) checkPortNumber(*resource.ports[i].port, path, findings);
  }
  // Names are the only other thing that may stand there, and nobody routes to them.
  if (resource.address_type == "FQDN") return;
  for (size_t i = 0; i < resource.endpoints.size(); ++i) {
    const FieldPath path = FieldPath("endpoints")[i] / "addresses";
    const auto& addresses = resource.endpoints[i].addresses;
    for (size_t j = 0; j < addresses.size(); ++j) checkAddress(addresses[j], path[j], findings);
  }
}

void validate(const Pod& resource, Findings& findings) {
  checkMetadata(resource.metadata, findings);
  const FieldPath path = FieldPath("status") / "podIPs";
  for (size_t i = 0; i < resource.pod_ips.size(); ++i) {
    checkAddress(resource.pod_ips[i], path[i], findings);
  }
}

void validate(const Namespace& resource, Findings& findings) {
  report(findings, code::kInvalidValue, FieldPath("metadata") / "name", resource.metadata.name,
         checkDns1123Label(resource.metadata.name));
}

}  // namespace sluice::source
