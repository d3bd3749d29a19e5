// SPDX-License-Identifier: Apache-2.0
// Hosts of VirtualServices that lead nowhere. Istio says nothing of them.
#include <fmt/format.h>

#include <algorithm>

#include "userspace/analysis/checks.h"
#include "userspace/analysis/destinations.h"
#include "userspace/model/address.h"
#include "userspace/routing/names.h"

namespace sluice::analysis {
namespace {

bool isKnown(const Mesh& mesh, const VirtualService& service, const std::string& host) {
  const Viewer viewer(service.metadata, service.export_to);
  if (!mesh.hosts().find(host, viewer).empty()) return true;
  return host.starts_with('*') && mesh.hosts().anyMatches(host, viewer);
}

/// Then it has been said already that there is no such host.
bool isDestination(const Mesh& mesh, const VirtualService& service, const std::string& host) {
  bool found = false;
  forEachDestination(service, [&](const DestinationUse& use) {
    found |= mesh.fullHost(use.destination.host, service.metadata.namespace_) == host;
  });
  return found;
}

void check(const Mesh& mesh, const VirtualService& service, size_t i, Report& report) {
  const std::string& written = service.hosts[i];
  const std::string host = mesh.fullHost(written, service.metadata.namespace_);
  if (isKnown(mesh, service, host) || IpAddress::parse(written).ok()) return;
  const source::FieldPath field = (source::FieldPath("spec") / "hosts")[i];
  const std::string meant =
      routing::meantByNameDotNamespace(written, mesh.settings().cluster_domain);
  if (!meant.empty() && mesh.hosts().findAnywhere(meant)) {
    report.add(
        {code::kShortHostWithNamespace, subjectOf(service), field,
         fmt::format("\"{}\" is not {}: it is taken as it is and names no service", written, meant),
         "write " + meant});
  } else if (!isDestination(mesh, service, host)) {
    report.add({code::kHostWithoutService, subjectOf(service), field,
                fmt::format("no service has the host \"{}\"", written)});
  }
}

}  // namespace

void checkVirtualServiceHosts(const Mesh& mesh, Report& report) {
  for (const auto& service : mesh.inForce().virtual_services) {
    if (!isForMesh(*service)) continue;
    for (size_t i = 0; i < service->hosts.size(); ++i) check(mesh, *service, i, report);
  }
}

}  // namespace sluice::analysis
