// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_destination.h"

#include <limits>

#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

/// An address is no destination either: its last label is all digits.
void checkHost(const std::string& host, const FieldPath& path, Findings& findings) {
  if (host == "*") return findings.invalid(path, "\"*\" is no destination", "name one service");
  reportInvalid(findings, path, host, checkWildcardDomain(host), hint::kHost);
}

/// Istio: "total destination weight = 0". Weights are relative; of several destinations one must
/// get something. Envoy adds them up in 32 bits.
void checkWeights(const std::vector<RouteDestination>& route, const FieldPath& path,
                  Findings& findings) {
  if (route.size() < 2) return;
  uint64_t total = 0;
  for (const auto& destination : route) total += destination.weight;
  if (total == 0) {
    findings.invalid(path, "the weights add up to 0, so no destination would get a request",
                     "give at least one destination a weight above 0");
  }
  if (total > std::numeric_limits<uint32_t>::max()) {
    findings.invalid(path, "the weights add up to more than 4294967295");
  }
}

}  // namespace

void checkDestination(const Destination& destination, const FieldPath& path, Findings& findings) {
  checkHost(destination.host, path / "host", findings);
  if (!destination.subset.empty()) {
    reportInvalid(findings, path / "subset", destination.subset, checkLabelName(destination.subset),
                  hint::kLabelName);
  }
  if (destination.port) checkPort(*destination.port, path / "port" / "number", findings);
}

void checkDestinations(const std::vector<RouteDestination>& route, const FieldPath& path,
                       Findings& findings) {
  for (size_t i = 0; i < route.size(); ++i) {
    checkDestination(route[i].destination, path[i] / "destination", findings);
  }
  checkWeights(route, path, findings);
}

}  // namespace sluice::source
