// SPDX-License-Identifier: Apache-2.0
// Istio: virtualservice.JWTClaimRouteAnalyzer.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "userspace/analysis/checks.h"

namespace sluice::analysis {
namespace {

constexpr std::string_view kClaim = "@request.auth.claims";

struct ClaimUse {
  std::string header;
  source::FieldPath field;
};

std::optional<ClaimUse> claimIn(const std::map<std::string, StringMatch>& headers,
                                const source::FieldPath& field) {
  for (const auto& [name, match] : headers) {
    if (name.starts_with(kClaim)) return ClaimUse{name, field.entry(name)};
  }
  return std::nullopt;
}

std::optional<ClaimUse> firstClaim(const VirtualService& service) {
  for (size_t i = 0; i < service.http.size(); ++i) {
    const auto matches = (source::FieldPath("spec") / "http")[i] / "match";
    for (size_t j = 0; j < service.http[i].match.size(); ++j) {
      const HttpMatchRequest& match = service.http[i].match[j];
      auto use = claimIn(match.headers, matches[j] / "headers");
      if (!use) use = claimIn(match.without_headers, matches[j] / "withoutHeaders");
      if (use) return use;
    }
  }
  return std::nullopt;
}

/// Whether some RequestAuthentication holds for the gateway's workload. What is known of it are the
/// labels that the gateway selects it by.
bool isAuthenticated(const Mesh& mesh, const Gateway& gateway) {
  const auto& all = mesh.input().request_authentications;
  return std::ranges::any_of(all, [&](const RequestAuthentication& authentication) {
    const std::string& in = authentication.metadata.namespace_;
    if (in != mesh.settings().root_namespace && in != gateway.metadata.namespace_) return false;
    return std::ranges::includes(gateway.selector, authentication.selector);
  });
}

using Gateways = std::map<std::string, const Gateway*>;

void check(const Mesh& mesh, const Gateways& gateways, const VirtualService& service,
           const ClaimUse& use, Report& report) {
  for (const std::string& written : service.gateways) {
    const bool is_short = written.find('/') == std::string::npos;
    const auto found =
        gateways.find(is_short ? service.metadata.namespace_ + "/" + written : written);
    if (found == gateways.end() || isAuthenticated(mesh, *found->second)) continue;
    report.add({code::kIstioJwtWithoutAuthentication, subjectOf(service), use.field,
                fmt::format("\"{}\" is a claim of a JWT, and no RequestAuthentication is for the "
                            "workload of gateway {}",
                            use.header, found->first)});
  }
}

}  // namespace

void checkJwtClaims(const Mesh& mesh, Report& report) {
  Gateways gateways;
  for (const Gateway& gateway : mesh.input().gateways) gateways[gateway.metadata.key()] = &gateway;
  for (const VirtualService* service : mesh.virtualServices()) {
    if (const auto use = firstClaim(*service)) check(mesh, gateways, *service, *use, report);
  }
}

}  // namespace sluice::analysis
