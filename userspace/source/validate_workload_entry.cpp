// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_workload_entry.h"

#include <fmt/format.h>

#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

constexpr std::string_view kUnix = "unix://";

/// Istio: ValidateUnixAddress.
Complaint checkUnixPath(std::string_view path) {
  if (path.empty()) return "names no socket";
  if (path.starts_with('@')) return std::nullopt;
  if (!path.starts_with('/')) return "must have an absolute path, or an abstract name with @";
  if (path.ends_with('/')) return "must name a socket, not a folder";
  return std::nullopt;
}

Complaint checkHostAddress(const std::string& address, EndpointAddress allowed) {
  if (!checkAddress(address)) return std::nullopt;
  if (allowed == EndpointAddress::kIp) return "is no IP address";
  if (checkFqdn(address)) return "is neither an IP address nor a DNS name";
  return std::nullopt;
}

/// Istio: "address is required"; in another network the gateway's is used.
void checkNoAddress(const WorkloadEndpoint& endpoint, const FieldPath& path, Findings& findings) {
  if (endpoint.network.empty()) {
    return findings.invalid(path / "address", "address is required");
  }
  warn(findings, path / "address", "is missing, so only its network's gateway is known",
       "add the address, unless the server is behind a gateway");
}

void checkUnix(const WorkloadEndpoint& endpoint, const FieldPath& path, Findings& findings) {
  const std::string& address = endpoint.address;
  reportInvalid(findings, path / "address", address, checkUnixPath(address.substr(kUnix.size())),
                "write unix:///path or unix://@name");
  if (endpoint.ports.empty()) return;
  findings.invalid(path / "ports", "a unix socket has no ports", "remove them");
}

void checkPorts(const std::map<std::string, uint32_t>& ports, const FieldPath& path,
                Findings& findings) {
  for (const auto& [name, port] : ports) {
    reportInvalid(findings, path.entry(name), name, checkLabelName(name), hint::kLabelName);
    checkPort(port, path.namedEntry(name), findings);
  }
}

}  // namespace

bool isUnixAddress(std::string_view address) { return address.starts_with(kUnix); }

void checkEndpoint(const WorkloadEndpoint& endpoint, EndpointAddress allowed, const FieldPath& path,
                   Findings& findings) {
  if (endpoint.address.empty()) {
    checkNoAddress(endpoint, path, findings);
  } else if (isUnixAddress(endpoint.address)) {
    checkUnix(endpoint, path, findings);
  } else {
    reportInvalid(findings, path / "address", endpoint.address,
                  checkHostAddress(endpoint.address, allowed), hint::kAddress);
  }
  checkPorts(endpoint.ports, path / "ports", findings);
  checkLabels(endpoint.labels, path / "labels", findings);
}

void validate(const WorkloadEntry& resource, Findings& findings) {
  checkMetadata(resource.metadata, findings);
  checkAnnotations(resource.metadata, findings);
  checkEndpoint(resource.endpoint, EndpointAddress::kIpOrName, FieldPath("spec"), findings);
}

}  // namespace sluice::source
