// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/destinations.h"

namespace sluice::analysis {
namespace {

using source::FieldPath;

template <typename Rule>
void visitRoutes(const std::vector<Rule>& rules, const char* list,
                 const DestinationVisitor& visit) {
  for (size_t i = 0; i < rules.size(); ++i) {
    const FieldPath routes = (FieldPath("spec") / list)[i] / "route";
    for (size_t j = 0; j < rules[i].route.size(); ++j) {
      visit({rules[i].route[j].destination, routes[j] / "destination"});
    }
  }
}

void visitMirrors(const HttpRoute& rule, const FieldPath& path, const DestinationVisitor& visit) {
  if (rule.mirror) visit({*rule.mirror, path / "mirror", true});
  for (size_t i = 0; i < rule.mirrors.size(); ++i) {
    const auto& destination = rule.mirrors[i].destination;
    if (destination) visit({*destination, (path / "mirrors")[i] / "destination", true});
  }
}

}  // namespace

void forEachDestination(const VirtualService& service, const DestinationVisitor& visit) {
  visitRoutes(service.tcp, "tcp", visit);
  visitRoutes(service.tls, "tls", visit);
  visitRoutes(service.http, "http", visit);
  for (size_t i = 0; i < service.http.size(); ++i) {
    visitMirrors(service.http[i], (FieldPath("spec") / "http")[i], visit);
  }
}

}  // namespace sluice::analysis
