// SPDX-License-Identifier: Apache-2.0
// VirtualService as a whole; its rules are in validate_http_route.cpp and validate_l4_routes.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "userspace/model/rule_weight.h"
#include "userspace/source/codes.h"
#include "userspace/source/limits.h"
#include "userspace/source/validate.h"
#include "userspace/source/validate_common.h"
#include "userspace/source/validate_gateways.h"
#include "userspace/source/validate_hosts.h"
#include "userspace/source/validate_http_route.h"
#include "userspace/source/validate_l4_routes.h"
#include "userspace/source/validate_reachability.h"

namespace sluice::source {
namespace {

bool hasSniHosts(const VirtualService& resource) {
  return std::ranges::any_of(resource.tls, [](const TlsRoute& route) {
    return std::ranges::any_of(route.match,
                               [](const TlsMatch& match) { return !match.sni_hosts.empty(); });
  });
}

/// How a VirtualService's hosts may be written.
enum class HostRules { kMesh, kGateway, kGatewayWithSni };

HostRules hostRulesOf(const VirtualService& resource) {
  if (appliesToMesh(resource.gateways)) return HostRules::kMesh;
  return hasSniHosts(resource) ? HostRules::kGatewayWithSni : HostRules::kGateway;
}

/// An address, or a DNS name with at most one wildcard in front.
Complaint checkHost(const std::string& host, HostRules rules) {
  if (!checkAddress(host)) return std::nullopt;
  if (rules == HostRules::kMesh && host == "*") return "is not allowed for clients in the mesh";
  return rules == HostRules::kGatewayWithSni ? checkGatewayDomain(host) : checkWildcardDomain(host);
}

/// Istio: "duplicate hosts in virtual service", also when a wildcard includes another one.
void checkDuplicateHosts(const std::vector<std::string>& hosts, const FieldPath& path,
                         Findings& findings) {
  const auto same = findSameHost(hosts);
  if (!same) return;
  findings.invalid(
      path, fmt::format("\"{}\" and \"{}\" name the same host twice", same->first, same->second),
      "remove one of them");
}

void checkHosts(const VirtualService& resource, const FieldPath& path, Findings& findings) {
  const HostRules rules = hostRulesOf(resource);
  bool all_good = true;
  for (size_t i = 0; i < resource.hosts.size(); ++i) {
    const Complaint complaint = checkHost(resource.hosts[i], rules);
    reportInvalid(findings, path[i], resource.hosts[i], complaint, hint::kHost);
    if (complaint) all_good = false;
  }
  if (all_good) checkDuplicateHosts(resource.hosts, path, findings);
}

/// Istio: "delegate virtual service must have no …". Its rules take part in those of others, for
/// HTTP only, and where those say.
void checkDelegate(const VirtualService& resource, const FieldPath& spec, Findings& findings) {
  const auto refuse = [&](const char* field) {
    findings.invalid(
        spec / field,
        fmt::format("a VirtualService without hosts is a delegate and has no {}", field),
        "name the hosts, or remove it");
  };
  if (!resource.gateways.empty()) refuse("gateways");
  if (!resource.tls.empty()) refuse("tls");
  if (!resource.tcp.empty()) refuse("tcp");
}

/// Istio: "http, tcp or tls must be provided in virtual service".
void checkSomeRule(const VirtualService& resource, const FieldPath& spec, Findings& findings) {
  if (!resource.http.empty() || !resource.tcp.empty() || !resource.tls.empty()) return;
  findings.invalid(spec, "has no rule", "add one to http, tls or tcp");
}

/// Every host has the rules for itself.
void checkRulesOfAllHosts(const VirtualService& resource, const FieldPath& path,
                          Findings& findings) {
  const auto weight =
      weightOfAll(resource.http) + weightOfAll(resource.tcp) + weightOfAll(resource.tls);
  if (weight * resource.hosts.size() <= kMaxHostRules) return;
  findings.error(code::kLimit, path,
                 fmt::format("{} hosts, each with {} rules, matches and destinations, are more "
                             "than {}",
                             resource.hosts.size(), weight, kMaxHostRules),
                 "split the VirtualService");
}

void checkRules(const VirtualService& resource, const FieldPath& spec, Findings& findings) {
  const RuleOwner owner{resource.hosts.empty(), appliesToMesh(resource.gateways)};
  for (size_t i = 0; i < resource.http.size(); ++i) {
    checkHttpRoute(resource.http[i], owner, (spec / "http")[i], findings);
  }
  checkTlsRoutes(resource, spec / "tls", findings);
  checkTcpRoutes(resource, spec / "tcp", findings);
  checkReachability(resource, spec, findings);
}

}  // namespace

void validate(const VirtualService& resource, Findings& findings) {
  const FieldPath spec("spec");
  checkMetadata(resource.metadata, findings);
  checkAnnotations(resource.metadata, findings);
  if (resource.hosts.empty()) checkDelegate(resource, spec, findings);
  checkHosts(resource, spec / "hosts", findings);
  checkGateways(resource.gateways, spec / "gateways", findings);
  checkSomeRule(resource, spec, findings);
  checkRulesOfAllHosts(resource, spec / "hosts", findings);
  checkRules(resource, spec, findings);
  checkExportTo(resource.export_to, resource.metadata.namespace_, ExportRules::kRule,
                spec / "exportTo", findings);
}

}  // namespace sluice::source
