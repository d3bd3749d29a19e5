// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_l4_routes.h"

#include <fmt/format.h>

#include "userspace/source/validate_common.h"
#include "userspace/source/validate_destination.h"
#include "userspace/source/validate_gateways.h"
#include "userspace/source/validate_hosts.h"

namespace sluice::source {
namespace {

/// The conditions that TLS and TCP share.
template <typename Match>
void checkConnection(const Match& match, const FieldPath& path, Findings& findings) {
  const FieldPath subnets = path / "destinationSubnets";
  for (size_t i = 0; i < match.destination_subnets.size(); ++i) {
    const std::string& subnet = match.destination_subnets[i];
    reportInvalid(findings, subnets[i], subnet, checkSubnet(subnet), hint::kAddress);
  }
  checkPortIfSet(match.port, path / "port", findings);
  checkLabels(match.source_labels, path / "sourceLabels", findings);
  checkGateways(match.gateways, path / "gateways", findings);
}

/// The names that clients of one VirtualService may ask for.
class SniHosts {
 public:
  explicit SniHosts(const VirtualService& resource)
      : hosts_(resource.hosts), mesh_(appliesToMesh(resource.gateways)) {}

  /// Istio: validateSniHost.
  void check(const std::string& host, const FieldPath& path, Findings& findings) const {
    if (!checkAddress(host)) {
      return warn(findings, path, "is an address, which clients do not send as server name",
                  "name the host, or match by port in a tcp rule");
    }
    if (const auto complaint = mesh_ ? checkWildcardDomain(host) : checkGatewayDomain(host)) {
      return reportInvalid(findings, path, host, complaint, hint::kHost);
    }
    if (hosts_.covers(host)) return;
    findings.invalid(path, fmt::format("\"{}\" is none of the VirtualService's hosts", host),
                     "add it to spec.hosts");
  }

 private:
  HostSet hosts_;
  bool mesh_;
};

void checkTlsMatch(const TlsMatch& match, const SniHosts& hosts, const FieldPath& path,
                   Findings& findings) {
  const FieldPath sni_hosts = path / "sniHosts";
  if (match.sni_hosts.empty()) {
    findings.invalid(sni_hosts, "needs at least one name", "list hosts of spec.hosts");
  }
  for (size_t i = 0; i < match.sni_hosts.size(); ++i) {
    hosts.check(match.sni_hosts[i], sni_hosts[i], findings);
  }
  checkConnection(match, path, findings);
}

void checkHasRoute(const std::vector<RouteDestination>& route, const FieldPath& path,
                   Findings& findings) {
  if (route.empty()) {
    findings.invalid(path, "says nothing of where to send the connections", "add a destination");
  }
  checkDestinations(route, path, findings);
}

}  // namespace

void checkTlsRoutes(const VirtualService& resource, const FieldPath& path, Findings& findings) {
  const SniHosts hosts(resource);
  for (size_t i = 0; i < resource.tls.size(); ++i) {
    const TlsRoute& route = resource.tls[i];
    const FieldPath matches = path[i] / "match";
    if (route.match.empty()) {
      findings.invalid(matches, "a tls rule needs at least one match", "match by sniHosts");
    }
    for (size_t j = 0; j < route.match.size(); ++j) {
      checkTlsMatch(route.match[j], hosts, matches[j], findings);
    }
    checkHasRoute(route.route, path[i] / "route", findings);
  }
}

void checkTcpRoutes(const VirtualService& resource, const FieldPath& path, Findings& findings) {
  for (size_t i = 0; i < resource.tcp.size(); ++i) {
    const TcpRoute& route = resource.tcp[i];
    for (size_t j = 0; j < route.match.size(); ++j) {
      checkConnection(route.match[j], (path[i] / "match")[j], findings);
    }
    checkHasRoute(route.route, path[i] / "route", findings);
  }
}

}  // namespace sluice::source
