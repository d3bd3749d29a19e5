// SPDX-License-Identifier: Apache-2.0
// Istio: virtualservice.DestinationHostAnalyzer.
#include <fmt/format.h>

#include <algorithm>

#include "userspace/analysis/checks.h"
#include "userspace/analysis/destinations.h"
#include "userspace/analysis/list_text.h"
#include "userspace/routing/names.h"

namespace sluice::analysis {
namespace {

std::vector<uint32_t> portsOf(const std::vector<const KnownHost*>& hosts) {
  std::vector<uint32_t> ports;
  for (const KnownHost* host : hosts) {
    ports.insert(ports.end(), host->ports.begin(), host->ports.end());
  }
  std::ranges::sort(ports);
  const auto rest = std::ranges::unique(ports);
  ports.erase(rest.begin(), rest.end());
  return ports;
}

/// What was probably meant; empty: nobody knows.
std::string hintFor(const Mesh& mesh, const std::string& host) {
  const std::string meant = routing::meantByNameDotNamespace(host, mesh.settings().cluster_domain);
  if (!meant.empty() && mesh.hosts().findAnywhere(meant)) {
    return "only names without a dot get the rule's namespace; write " + meant;
  }
  const std::string elsewhere = mesh.hosts().serviceNamed(host);
  if (elsewhere.empty()) return {};
  return "there is a service of that name in another namespace; write " + elsewhere;
}

class HostCheck {
 public:
  HostCheck(const Mesh& mesh, Report& report, const VirtualService& service)
      : mesh_(mesh),
        report_(report),
        service_(service),
        viewer_(service.metadata, service.export_to) {}

  void check(const DestinationUse& use) const {
    const std::string host = mesh_.fullHost(use.destination.host, service_.metadata.namespace_);
    const auto known = mesh_.hosts().find(host, viewer_);
    if (known.empty()) return reportUnknown(use, host);
    checkPort(use, portsOf(known));
  }

 private:
  void reportUnknown(const DestinationUse& use, const std::string& host) const {
    const std::string what = use.is_mirror ? "mirror host" : "host";
    const KnownHost* hidden = mesh_.hosts().findAnywhere(host);
    add(code::kIstioNotFound, use.path / "host",
        hidden ? fmt::format("{} \"{}\" is exported to {} alone", what, use.destination.host,
                             listText(hidden->scopes))
               : fmt::format("{} \"{}\" names no service", what, use.destination.host),
        hidden ? fmt::format("change exportTo of {}", hidden->metadata().key())
               : hintFor(mesh_, use.destination.host));
  }

  void checkPort(const DestinationUse& use, const std::vector<uint32_t>& ports) const {
    const auto& port = use.destination.port;
    if (!port && ports.size() > 1) {
      add(code::kIstioPortRequired, use.path,
          fmt::format("\"{}\" has the ports {}; the destination names none", use.destination.host,
                      listText(ports)));
    }
    if (port && std::ranges::count(ports, *port) == 0) {
      add(code::kIstioNotFound, use.path / "port",
          fmt::format("\"{}\" has no port {}", use.destination.host, *port),
          ports.empty() ? "" : fmt::format("it has {}", listText(ports)));
    }
  }

  void add(const char* code, const source::FieldPath& field, std::string message,
           std::string hint = {}) const {
    report_.add({code, subjectOf(service_), field, std::move(message), std::move(hint)});
  }

  const Mesh& mesh_;
  Report& report_;
  const VirtualService& service_;
  const Viewer viewer_;
};

}  // namespace

void checkDestinationHosts(const Mesh& mesh, Report& report) {
  for (const VirtualService* service : mesh.virtualServices()) {
    const HostCheck check(mesh, report, *service);
    forEachDestination(*service, [&](const DestinationUse& use) { check.check(use); });
  }
}

}  // namespace sluice::analysis
