// SPDX-License-Identifier: Apache-2.0
// Istio: service.PortNameAnalyzer; and ports whose name says another protocol than they carry.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "userspace/analysis/checks.h"
#include "userspace/routing/names.h"
#include "userspace/routing/registry.h"

namespace sluice::analysis {
namespace {

using source::FieldPath;

/// Istio: inject.IgnoredNamespaces.
constexpr std::array<std::string_view, 4> kSystemNamespaces = {
    "kube-system", "kube-public", "kube-node-lease", "local-path-storage"};

/// Istio: IsIstioControlPlane.
bool isControlPlane(const Metadata& metadata) {
  const auto release = metadata.labels.find("release");
  return metadata.labels.contains("istio") ||
         (release != metadata.labels.end() && release->second == "istio");
}

bool isSystem(const Service& service) {
  return std::ranges::count(kSystemNamespaces, service.metadata.namespace_) > 0 ||
         isControlPlane(service.metadata);
}

/// Istio: ConvertProtocol. UDP and the mesh's own tunnel are known, too, though nobody routes them.
bool saysProtocol(const ServicePort& port) {
  const std::string& word = port.app_protocol.empty() ? port.name : port.app_protocol;
  return port.protocol == "UDP" || routing::toLower(word.substr(0, word.find('-'))) == "hbone" ||
         routing::protocolOf(port) != routing::Protocol::kUnknown;
}

FieldPath portField(size_t i) { return (FieldPath("spec") / "ports")[i] / "name"; }

void checkPort(const Service& service, size_t i, Report& report) {
  const ServicePort& port = service.ports[i];
  const bool is_alias = service.type == "ExternalName";
  if (saysProtocol(port) && !(is_alias && port.name == "tcp")) return;
  report.add({is_alias ? code::kIstioExternalNamePort : code::kIstioPortName, subjectOf(service),
              portField(i),
              port.name.empty()
                  ? fmt::format("port {} has no name that says its protocol", port.port)
                  : fmt::format("\"{}\", the name of port {}, does not say its protocol", port.name,
                                port.port)});
}

bool mentionsGrpc(const std::string& text) {
  return routing::toLower(text).find("grpc") != std::string::npos;
}

}  // namespace

void checkPortNames(const Mesh& mesh, Report& report) {
  for (const Service* service : mesh.services()) {
    if (isSystem(*service)) continue;
    for (size_t i = 0; i < service->ports.size(); ++i) checkPort(*service, i, report);
  }
}

void checkGrpcPorts(const Mesh& mesh, Report& report) {
  for (const Service* service : mesh.services()) {
    for (size_t i = 0; i < service->ports.size(); ++i) {
      const ServicePort& port = service->ports[i];
      if (!mentionsGrpc(port.name) && !mentionsGrpc(port.target_port)) continue;
      if (routing::protocolOf(port) != routing::Protocol::kTcp) continue;
      report.add({code::kGrpcOnTcpPort, subjectOf(*service), portField(i),
                  fmt::format("\"{}\" looks like gRPC, but port {} is declared as TCP", port.name,
                              port.port)});
    }
  }
}

}  // namespace sluice::analysis
