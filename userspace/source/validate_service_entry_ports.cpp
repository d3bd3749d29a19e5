// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "userspace/source/validate_common.h"
#include "userspace/source/validate_service_entry.h"

namespace sluice::source {
namespace {

using Resolution = ServiceEntry::Resolution;

/// What tells one host's connections from another's.
enum class Family { kHttp, kTls, kTcp, kUdp };

struct Protocol {
  std::string_view name;
  Family family;
  bool dynamic_dns = false;  ///< DYNAMIC_DNS serves it
};

/// Istio: protocol.Parse; letter case does not matter. Null when it is none.
const Protocol* findProtocol(std::string_view name) {
  static constexpr std::array<Protocol, 12> kProtocols = {{
      {"http", Family::kHttp, true},
      {"http2", Family::kHttp, true},
      {"grpc", Family::kHttp, true},
      {"grpc-web", Family::kHttp},
      {"http_proxy", Family::kHttp},
      {"tls", Family::kTls, true},
      {"https", Family::kTls},
      {"tcp", Family::kTcp},
      {"mongo", Family::kTcp},
      {"redis", Family::kTcp},
      {"mysql", Family::kTcp},
      {"udp", Family::kUdp},
  }};
  const auto found = std::ranges::find_if(kProtocols, [name](const Protocol& protocol) {
    return equalIgnoringCase(protocol.name, name);
  });
  return found == kProtocols.end() ? nullptr : &*found;
}

bool isOf(std::string_view protocol, std::initializer_list<Family> families) {
  const Protocol* known = findProtocol(protocol);
  return known != nullptr && std::ranges::find(families, known->family) != families.end();
}

/// Istio: ValidateProtocol; an empty one is detected.
void checkProtocol(const ServiceEntryPort& port, Resolution resolution, const FieldPath& path,
                   Findings& findings) {
  const Protocol* protocol = findProtocol(port.protocol);
  if (protocol == nullptr && !port.protocol.empty()) {
    findings.invalid(path, fmt::format("\"{}\" is no protocol", port.protocol.substr(0, 63)),
                     "write HTTP, HTTP2, GRPC, HTTPS, TLS or TCP");
  } else if (resolution == Resolution::kDynamicDns &&
             (protocol == nullptr || !protocol->dynamic_dns)) {
    findings.invalid(path, "DYNAMIC_DNS serves HTTP, HTTP2, GRPC and TLS only",
                     "write another resolution");
  }
}

void checkPortOf(const ServiceEntry& resource, const ServiceEntryPort& port, const FieldPath& path,
                 Findings& findings) {
  checkPort(port.number, path / "number", findings);
  reportInvalid(findings, path / "name", port.name, checkLabelName(port.name), hint::kLabelName);
  checkProtocol(port, resource.resolution, path / "protocol", findings);
  checkPortIfSet(port.target_port, path / "targetPort", findings);
}

/// Istio: "service entry port … already defined".
void checkDistinct(const std::vector<ServiceEntryPort>& ports, const FieldPath& path,
                   Findings& findings) {
  std::unordered_set<std::string_view> names;
  std::unordered_set<uint32_t> numbers;
  for (const ServiceEntryPort& port : ports) {
    if (!numbers.insert(port.number).second) {
      findings.invalid(path, fmt::format("port {} is here twice", port.number),
                       "remove one of them");
    }
    if (!names.insert(port.name).second) {
      findings.invalid(path, fmt::format("the name \"{}\" is here twice", port.name.substr(0, 63)),
                       "rename one of them");
    }
  }
}

/// Istio: "multiple hosts provided with non-HTTP, non-TLS ports". NONE ignores the hosts.
void checkHostsCanBeTold(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  if (resource.resolution == Resolution::kNone || resource.hosts.size() < 2) return;
  const bool can_be_told = std::ranges::all_of(resource.ports, [](const ServiceEntryPort& port) {
    return isOf(port.protocol, {Family::kHttp, Family::kTls});
  });
  if (can_be_told) return;
  findings.invalid(path,
                   "on a port that is neither HTTP nor TLS, several hosts cannot be told apart",
                   "write one ServiceEntry for each host");
}

/// Istio: "service entry can not have more than one host specified simultaneously with address and
/// tcp port".
void checkHostsOfAddress(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  const bool dns =
      resource.resolution == Resolution::kDns || resource.resolution == Resolution::kDnsRoundRobin;
  if (!dns || resource.addresses.empty() || resource.hosts.size() < 2) return;
  const bool tcp = std::ranges::any_of(resource.ports, [](const ServiceEntryPort& port) {
    return isOf(port.protocol, {Family::kTcp, Family::kTls});
  });
  if (!tcp) return;
  warn(findings, path, "several hosts share an address, so connections may go to the wrong one",
       "write one ServiceEntry for each host");
}

/// Istio: ShouldV2AutoAllocateIP, with addresses being allocated in the mesh.
bool mayHaveAllocatedAddress(const ServiceEntry& resource) {
  const auto label = resource.metadata.labels.find("networking.istio.io/enable-autoallocate-ip");
  const bool refused =
      label != resource.metadata.labels.end() && equalIgnoringCase(label->second, "false");
  return resource.resolution != Resolution::kNone && !refused;
}

/// Istio: "addresses are required for ports serving TCP (or unset) protocol"; there, "tcp" is not
/// "TCP".
void checkTcpHasAddress(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  if (!resource.addresses.empty() || mayHaveAllocatedAddress(resource)) return;
  for (size_t i = 0; i < resource.ports.size(); ++i) {
    const std::string& protocol = resource.ports[i].protocol;
    if (!protocol.empty() && protocol != "TCP") continue;
    warn(findings, path[i], "without addresses, a TCP port takes connections to any address",
         "add addresses");
  }
}

/// Istio: a waypoint cannot look up names for a service inside the mesh.
void checkWaypoint(const ServiceEntry& resource, const FieldPath& path, Findings& findings) {
  if (resource.resolution != Resolution::kDynamicDns) return;
  if (resource.location != ServiceEntry::Location::kMeshInternal) return;
  const auto label = resource.metadata.labels.find("istio.io/use-waypoint");
  if (label == resource.metadata.labels.end() || label->second.empty()) return;
  if (equalIgnoringCase(label->second, "none")) return;
  findings.invalid(path, "DYNAMIC_DNS with a waypoint is for MESH_EXTERNAL only",
                   "remove the label istio.io/use-waypoint");
}

}  // namespace

ServicePortNames portNamesOf(const ServiceEntry& resource) {
  ServicePortNames names;
  for (const ServiceEntryPort& port : resource.ports) names.insert(port.name);
  return names;
}

void checkServicePorts(const ServiceEntry& resource, const FieldPath& spec, Findings& findings) {
  const FieldPath ports = spec / "ports";
  for (size_t i = 0; i < resource.ports.size(); ++i) {
    checkPortOf(resource, resource.ports[i], ports[i], findings);
  }
  checkDistinct(resource.ports, ports, findings);
  checkTcpHasAddress(resource, ports, findings);
  checkHostsCanBeTold(resource, spec / "hosts", findings);
  checkHostsOfAddress(resource, spec / "hosts", findings);
  checkWaypoint(resource, spec / "location", findings);
}

}  // namespace sluice::source
