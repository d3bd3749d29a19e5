// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_gateways.h"

#include <fmt/format.h>

#include <algorithm>

#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

/// The parts of "namespace/name" are DNS labels.
void checkQualified(std::string_view gateway, size_t slash, const FieldPath& path,
                    Findings& findings) {
  for (const auto part : {gateway.substr(0, slash), gateway.substr(slash + 1)}) {
    if (!checkLabelName(part)) continue;
    return findings.invalid(path,
                            fmt::format("\"{}\" is no <namespace>/<name>", gateway.substr(0, 128)),
                            "write both as DNS labels");
  }
}

/// A name without a slash is one of the own namespace, or the dotted name of old versions.
void checkUnqualified(const std::string& gateway, const FieldPath& path, Findings& findings) {
  if (const auto complaint = checkFqdn(gateway)) {
    return reportInvalid(findings, path, gateway, complaint, "write <namespace>/<name>, or mesh");
  }
  const auto dot = gateway.find('.');
  if (dot == std::string::npos) return;
  const auto end = gateway.find('.', dot + 1);
  warn(findings, path, "is the old way to name a gateway",
       fmt::format("write {}/{}", gateway.substr(dot + 1, end - dot - 1), gateway.substr(0, dot)));
}

}  // namespace

bool appliesToMesh(const std::vector<std::string>& gateways) {
  return gateways.empty() || std::ranges::count(gateways, "mesh") > 0;
}

void checkGateways(const std::vector<std::string>& gateways, const FieldPath& path,
                   Findings& findings) {
  for (size_t i = 0; i < gateways.size(); ++i) {
    const auto slash = gateways[i].find('/');
    if (slash != std::string::npos) {
      checkQualified(gateways[i], slash, path[i], findings);
      continue;
    }
    checkUnqualified(gateways[i], path[i], findings);
    // Istio looks no further behind the first such name, "mesh" included; what it takes, a cluster
    // has.
    return;
  }
}

}  // namespace sluice::source
