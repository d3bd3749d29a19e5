// SPDX-License-Identifier: Apache-2.0
// Istio: virtualservice.DestinationRuleAnalyzer.
#include <fmt/format.h>

#include "userspace/analysis/checks.h"
#include "userspace/analysis/destinations.h"
#include "userspace/analysis/list_text.h"
#include "userspace/analysis/subset_index.h"

namespace sluice::analysis {
namespace {

std::string hintFor(const std::set<std::string>& defined, const std::string& host) {
  if (defined.empty()) return "no DestinationRule has subsets of " + host;
  return fmt::format("the subsets of {} are {}", host, listText(defined));
}

void check(const Mesh& mesh, const SubsetIndex& subsets, const VirtualService& service,
           const DestinationUse& use, Report& report) {
  const Destination& destination = use.destination;
  if (destination.subset.empty()) return;
  const std::string host = mesh.fullHost(destination.host, service.metadata.namespace_);
  if (subsets.has(host, destination.subset)) return;
  report.add({code::kIstioNotFound, subjectOf(service), use.path / "subset",
              fmt::format("no DestinationRule defines subset \"{}\" of \"{}\"", destination.subset,
                          destination.host),
              hintFor(subsets.of(host), host)});
}

}  // namespace

void checkDestinationSubsets(const Mesh& mesh, Report& report) {
  const SubsetIndex subsets(mesh);
  for (const VirtualService* service : mesh.virtualServices()) {
    forEachDestination(
        *service, [&](const DestinationUse& use) { check(mesh, subsets, *service, use, report); });
  }
}

}  // namespace sluice::analysis
