// SPDX-License-Identifier: Apache-2.0
// The API server has checked these objects; files may say anything. Only what Sluice uses is
// looked at.
#include <fmt/format.h>

#include "userspace/source/codes.h"
#include "userspace/source/limits.h"
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

void checkIp(const std::string& address, const FieldPath& path, Findings& findings) {
  report(findings, code::kInvalidValue, path, address, checkAddress(address));
}

void checkPortNumber(uint16_t port, const FieldPath& path, Findings& findings) {
  if (port != 0) return;
  findings.error(code::kInvalidValue, path, "must be a port, 1 to 65535");
}

void checkPorts(const std::vector<SlicePort>& ports, const FieldPath& path, Findings& findings) {
  for (size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].port) checkPortNumber(*ports[i].port, path[i] / "port", findings);
  }
}

void checkIps(const std::vector<Endpoints::Address>& addresses, const FieldPath& path,
              Findings& findings) {
  for (size_t i = 0; i < addresses.size(); ++i) checkIp(addresses[i].ip, path[i] / "ip", findings);
}

/// Every port has the addresses for itself.
void checkEndpointCount(uint64_t addresses, uint64_t ports, const FieldPath& path,
                        Findings& findings) {
  if (addresses * ports <= kMaxEntryEndpoints) return;
  findings.error(code::kLimit, path,
                 fmt::format("{} addresses with {} ports are more than {} endpoints", addresses,
                             ports, kMaxEntryEndpoints),
                 "use several, as Kubernetes does");
}

/// Of what lives in no namespace.
void checkName(const Metadata& metadata, Complaint (*check)(std::string_view), Findings& findings) {
  report(findings, code::kInvalidValue, FieldPath("metadata") / "name", metadata.name,
         check(metadata.name));
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
    if (!ip.empty() && ip != "None") checkIp(ip, (spec / "clusterIPs")[i], findings);
  }
}

void validate(const EndpointSlice& resource, Findings& findings) {
  checkMetadata(resource.metadata, findings);
  checkPorts(resource.ports, FieldPath("ports"), findings);
  // Names are the only other thing that may stand there, and nobody routes to them.
  if (resource.address_type == "FQDN") return;
  uint64_t count = 0;
  for (size_t i = 0; i < resource.endpoints.size(); ++i) {
    const FieldPath path = FieldPath("endpoints")[i] / "addresses";
    const auto& addresses = resource.endpoints[i].addresses;
    for (size_t j = 0; j < addresses.size(); ++j) checkIp(addresses[j], path[j], findings);
    count += addresses.size();
  }
  checkEndpointCount(count, resource.ports.size(), FieldPath("endpoints"), findings);
}

void validate(const Pod& resource, Findings& findings) {
  checkMetadata(resource.metadata, findings);
  const FieldPath path = FieldPath("status") / "podIPs";
  for (size_t i = 0; i < resource.pod_ips.size(); ++i) {
    checkIp(resource.pod_ips[i], path[i], findings);
  }
}

void validate(const Endpoints& resource, Findings& findings) {
  checkMetadata(resource.metadata, findings);
  for (size_t i = 0; i < resource.subsets.size(); ++i) {
    const Endpoints::EndpointSubset& subset = resource.subsets[i];
    const FieldPath path = FieldPath("subsets")[i];
    checkIps(subset.addresses, path / "addresses", findings);
    checkIps(subset.not_ready_addresses, path / "notReadyAddresses", findings);
    checkPorts(subset.ports, path / "ports", findings);
    checkEndpointCount(subset.addresses.size() + subset.not_ready_addresses.size(),
                       subset.ports.size(), path, findings);
  }
}

void validate(const Deployment& resource, Findings& findings) {
  checkMetadata(resource.metadata, findings);
}

void validate(const Node& resource, Findings& findings) {
  checkName(resource.metadata, checkDns1123Subdomain, findings);
}

void validate(const Namespace& resource, Findings& findings) {
  checkName(resource.metadata, checkDns1123Label, findings);
}

}  // namespace sluice::source
