// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "userspace/analysis/checks.h"
#include "userspace/analysis/list_text.h"
#include "userspace/routing/names.h"
#include "userspace/routing/registry.h"

namespace sluice::analysis {
namespace {

/// Where the protocol is not declared, it is detected.
bool mayCarryHttp(routing::Protocol protocol) {
  return routing::isHttp(protocol) || protocol == routing::Protocol::kUnknown;
}

bool carriesHttp(const Service& service) {
  return std::ranges::any_of(service.ports, [](const ServicePort& port) {
    return mayCarryHttp(routing::protocolOf(port));
  });
}

bool carriesHttp(const ServiceEntry& entry) {
  return std::ranges::any_of(entry.ports, [](const ServiceEntryPort& port) {
    const std::string protocol = routing::toLower(port.protocol);
    return protocol.empty() || protocol == "http" || protocol == "http2" ||
           protocol.starts_with("grpc");
  });
}

bool carriesHttp(const KnownHost& host) {
  return host.service ? carriesHttp(*host.service) : carriesHttp(*host.entry);
}

/// "80 (web), 443 (https)".
std::string portNames(const KnownHost& host) {
  std::vector<std::string> names;
  const auto add = [&](uint32_t number, const std::string& name) {
    names.push_back(fmt::format("{} ({})", number, name.empty() ? "no name" : name));
  };
  if (host.service) {
    for (const ServicePort& port : host.service->ports) add(port.port, port.name);
  } else {
    for (const ServiceEntryPort& port : host.entry->ports) {
      add(port.number, port.protocol.empty() ? port.name : port.protocol);
    }
  }
  return listText(names);
}

void checkHost(const Mesh& mesh, const VirtualService& service, const std::string& written,
               Report& report) {
  const auto known = mesh.hosts().find(mesh.fullHost(written, service.metadata.namespace_),
                                       Viewer(service.metadata, service.export_to));
  if (known.empty()) return;
  if (std::ranges::any_of(known, [](const auto* host) { return carriesHttp(*host); })) return;
  report.add({code::kHttpRulesWithoutHttpPort, subjectOf(service),
              source::FieldPath("spec") / "http",
              fmt::format("no port of \"{}\" is declared as HTTP: {}", written,
                          portNames(*known.front()))});
}

}  // namespace

void checkHttpPorts(const Mesh& mesh, Report& report) {
  for (const auto& service : mesh.inForce().virtual_services) {
    if (service->http.empty() || !isForMesh(*service)) continue;
    for (const std::string& host : service->hosts) checkHost(mesh, *service, host, report);
  }
}

}  // namespace sluice::analysis
