// SPDX-License-Identifier: Apache-2.0
// ServiceEntry: hosts, addresses and endpoints; its ports are in validate_service_entry_ports.cpp.
#include "userspace/source/validate_service_entry.h"

#include <fmt/format.h>

#include <algorithm>

#include "userspace/source/codes.h"
#include "userspace/source/limits.h"
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"
#include "userspace/source/validate_workload_entry.h"

namespace sluice::source {
namespace {

using Resolution = ServiceEntry::Resolution;

bool isResolvedByDns(const ServiceEntry& resource) {
  return resource.resolution == Resolution::kDns ||
         resource.resolution == Resolution::kDnsRoundRobin;
}

/// Istio: ValidatePartialWildCard.
bool isPartialWildcard(std::string_view host) {
  return host.starts_with('*') && host.size() > 1 && !host.starts_with("*.");
}

void checkHost(const std::string& host, Resolution resolution, const FieldPath& path,
               Findings& findings) {
  if (host == "*") {
    return findings.invalid(path, "\"*\" would be every host there is", "name the hosts");
  }
  reportInvalid(findings, path, host, checkWildcardDomain(host), hint::kHost);
  if (resolution == Resolution::kDynamicDns) {
    if (host.starts_with('*')) return;
    return findings.invalid(path, "DYNAMIC_DNS is for wildcard hosts only",
                            "write resolution: DNS");
  }
  if (isPartialWildcard(host)) {
    warn(findings, path, "a wildcard within a label is not what Istio supports",
         "write *. and the domain");
  }
}

void checkHosts(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  if (resource.hosts.empty()) findings.invalid(path, "needs at least one host");
  for (size_t i = 0; i < resource.hosts.size(); ++i) {
    checkHost(resource.hosts[i], resource.resolution, path[i], findings);
  }
}

/// Istio: "hosts must be FQDN … if no endpoints are provided for resolution mode".
void checkHostsCanBeResolved(const ServiceEntry& resource, const FieldPath& path,
                             Findings& findings) {
  if (!isResolvedByDns(resource) || !resource.endpoints.empty()) return;
  for (size_t i = 0; i < resource.hosts.size(); ++i) {
    const std::string& host = resource.hosts[i];
    // What is no name at all has been refused already.
    if (!checkFqdn(host) || checkWildcardDomain(host) || host == "*") continue;
    return findings.invalid(path[i], fmt::format("\"{}\" cannot be resolved by DNS", host),
                            "add endpoints, or write resolution: NONE");
  }
}

/// Istio: "CIDR addresses are allowed only for NONE/STATIC resolution types".
void checkRanges(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  if (resource.resolution == Resolution::kNone || resource.resolution == Resolution::kStatic)
    return;
  const bool has_range = std::ranges::any_of(resource.addresses, [](const std::string& address) {
    return address.find('/') != std::string::npos;
  });
  if (!has_range) return;
  findings.invalid(path, "CIDR blocks are for resolution NONE and STATIC only",
                   "list single addresses");
}

void checkAddresses(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  for (size_t i = 0; i < resource.addresses.size(); ++i) {
    reportInvalid(findings, path[i], resource.addresses[i], checkSubnet(resource.addresses[i]),
                  hint::kAddress);
  }
  checkRanges(resource, path, findings);
  if (resource.resolution == Resolution::kDynamicDns && !resource.addresses.empty()) {
    findings.invalid(path, "DYNAMIC_DNS takes its addresses from the names that clients ask for",
                     "remove them");
  }
}

/// How many endpoints a kind of resolution has.
void checkEndpointCount(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  const size_t count = resource.endpoints.size();
  if (resource.resolution == Resolution::kNone && count > 0) {
    findings.invalid(path, "resolution NONE sends to the address that was called",
                     "remove them, or write resolution: STATIC");
  }
  if (resource.resolution == Resolution::kDynamicDns && count > 0) {
    findings.invalid(path, "DYNAMIC_DNS finds its endpoints itself", "remove them");
  }
  if (resource.resolution == Resolution::kDnsRoundRobin && count > 1) {
    findings.invalid(path, "DNS_ROUND_ROBIN has at most one endpoint", "write resolution: DNS");
  }
}

/// Istio: "endpoint port is not defined by the service entry".
void checkEndpointPorts(const WorkloadEndpoint& endpoint, const ServicePortNames& names,
                        const FieldPath& path, Findings& findings) {
  for (const auto& [name, port] : endpoint.ports) {
    if (names.contains(name)) continue;
    findings.invalid(path.entry(name),
                     fmt::format("\"{}\" is no name of spec.ports", name.substr(0, 63)),
                     "name a port of the ServiceEntry");
  }
}

/// Istio: "exactly 1 service port required for unix endpoints".
void checkUnixEndpoint(const WorkloadEndpoint& endpoint, const ServicePortNames& names,
                       const FieldPath& path, Findings& findings) {
  if (!isUnixAddress(endpoint.address) || names.size() == 1) return;
  findings.invalid(path, "a unix socket serves exactly one port",
                   "split the ServiceEntry, one for each port");
}

/// Istio checks endpoints of STATIC as WorkloadEntries, and of DNS a little less: no unix sockets,
/// and no address is an error even with a network.
void checkEndpointOf(const ServiceEntry& resource, const WorkloadEndpoint& endpoint,
                     const ServicePortNames& names, const FieldPath& path, Findings& findings) {
  const bool dns = isResolvedByDns(resource);
  if (dns && (endpoint.address.empty() || isUnixAddress(endpoint.address))) {
    return reportInvalid(findings, path / "address", endpoint.address,
                         "is neither an IP address nor a DNS name", hint::kAddress);
  }
  checkEndpoint(endpoint, dns ? EndpointAddress::kIpOrName : EndpointAddress::kIp, path, findings);
  checkUnixEndpoint(endpoint, names, path, findings);
  checkEndpointPorts(endpoint, names, path / "ports", findings);
}

/// Every port of every host has the endpoints for itself.
void checkEndpointsOfAllHosts(const ServiceEntry& resource, const FieldPath& path,
                              Findings& findings) {
  const uint64_t count = uint64_t{resource.hosts.size()} * resource.ports.size() *
                         std::max<uint64_t>(resource.endpoints.size(), resource.addresses.size());
  if (count <= kMaxEntryEndpoints) return;
  findings.error(
      code::kLimit, path,
      fmt::format("{} hosts with {} ports have {} endpoints and addresses together, "
                  "more than {}",
                  resource.hosts.size(), resource.ports.size(), count, kMaxEntryEndpoints),
      "split the ServiceEntry");
}

void checkEndpoints(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  checkEndpointCount(resource, path, findings);
  if (resource.resolution != Resolution::kStatic && !isResolvedByDns(resource)) return;
  const ServicePortNames names = portNamesOf(resource);
  for (size_t i = 0; i < resource.endpoints.size(); ++i) {
    checkEndpointOf(resource, resource.endpoints[i], names, path[i], findings);
  }
}

/// Istio: "only one of WorkloadSelector or Endpoints is allowed".
void checkWorkloads(const ServiceEntry& resource, const FieldPath& spec, Findings& findings) {
  const FieldPath path = spec / "workloadSelector";
  checkSelector(resource.workload_selector, "labels", path, findings);
  if (!resource.workload_selector) return;
  if (!resource.endpoints.empty()) {
    findings.invalid(spec / "endpoints", "workloadSelector and endpoints exclude each other",
                     "remove one of them");
  }
  if (resource.resolution == Resolution::kNone) {
    warn(findings, path, "has no effect with resolution NONE", "write resolution: STATIC");
  }
}

}  // namespace

void validate(const ServiceEntry& resource, Findings& findings) {
  const FieldPath spec("spec");
  checkMetadata(resource.metadata, findings);
  checkAnnotations(resource.metadata, findings);
  checkHosts(resource, spec / "hosts", findings);
  checkHostsCanBeResolved(resource, spec / "hosts", findings);
  checkAddresses(resource, spec / "addresses", findings);
  checkServicePorts(resource, spec, findings);
  checkEndpointsOfAllHosts(resource, spec / "hosts", findings);
  checkWorkloads(resource, spec, findings);
  checkEndpoints(resource, spec / "endpoints", findings);
  checkExportTo(resource.export_to, resource.metadata.namespace_, ExportRules::kServiceEntry,
                spec / "exportTo", findings);
}

}  // namespace sluice::source
