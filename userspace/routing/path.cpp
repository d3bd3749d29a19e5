// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/path.h"

#include <algorithm>

#include "userspace/routing/registry.h"

namespace sluice::routing {
namespace {

// Codes of docs/reference/codes.md; a number that was released keeps its meaning.
constexpr const char* kRequestMatch = "SLU4001";
constexpr const char* kRequestSplit = "SLU4002";
constexpr const char* kFault = "SLU4003";
constexpr const char* kTimeout = "SLU4004";
constexpr const char* kOtherFamily = "SLU4005";
constexpr const char* kUnknownProtocol = "SLU4006";
constexpr const char* kNotHttp = "SLU4007";
constexpr const char* kNotExported = "SLU4008";
constexpr const char* kOriginalDestination = "SLU4009";
constexpr const char* kNoDestination = "SLU4010";

std::string ruleField(const Rule& rule, const char* part) {
  return "spec.http[" + std::to_string(rule.index) + "]." + part;
}

bool splitsPerConnection(const VirtualService* service) {
  if (!service) return false;
  const auto& annotations = service->metadata.annotations;
  const auto split = annotations.find(kSplitAnnotation);
  return split != annotations.end() && split->second == "connection";
}

/// Everything of one rule that a connection alone cannot decide.
void addRuleReasons(const Rule& rule, bool per_connection, std::vector<Reason>& reasons) {
  if (!rule.matches.empty())
    reasons.push_back({kRequestMatch, ruleField(rule, "match"),
                       "the rule looks at the request, which the proxy reads"});
  if (rule.destinations.size() > 1 && !per_connection)
    reasons.push_back({kRequestSplit, ruleField(rule, "route"),
                       "weights are drawn for each request; annotate the VirtualService with "
                       "sluice.io/split: connection to draw once per connection"});
  if (rule.fault)
    reasons.push_back(
        {kFault, ruleField(rule, "fault"), "faults are injected into requests by the proxy"});
  if (rule.timeout)
    reasons.push_back(
        {kTimeout, ruleField(rule, "timeout"), "the proxy watches how long a request takes"});
  if (rule.destinations.empty())
    reasons.push_back({kNoDestination, ruleField(rule, "route"),
                       "the rule has no destination; the proxy answers 503"});
}

/// `http` rules that do not apply to the port are said to be so.
void addProtocolReason(const ServiceRoute& route, const VirtualService* service,
                       std::vector<Reason>& reasons) {
  if (!service || service->http.empty() || isHttp(route.protocol)) return;
  if (route.protocol == Protocol::kUnknown)
    reasons.push_back({kUnknownProtocol, "spec.http",
                       "the protocol of port " + std::to_string(route.service.port) +
                           " is not declared, so http rules do not apply; name the Service's port "
                           "http or set its appProtocol"});
  else
    reasons.push_back({kNotHttp, "spec.http",
                       "port " + std::to_string(route.service.port) +
                           " is declared as TCP or TLS, so http rules do not apply"});
}

/// Both families are compiled from one route; the one that needs the proxy has a reason.
void addFamilyReasons(const ServiceRoute& route, std::vector<Reason>& reasons) {
  for (const auto family : {Family::kV4, Family::kV6}) {
    const bool called = std::any_of(route.vips.begin(), route.vips.end(),
                                    [&](const auto& ip) { return familyOf(ip) == family; });
    if (!called || route.path != Path::kConnect || route.pathFor(family) == Path::kConnect)
      continue;
    const std::string name = family == Family::kV4 ? "IPv4" : "IPv6";
    reasons.push_back({kOtherFamily, "",
                       "connections to the " + name +
                           " address take the proxy: a destination has "
                           "no endpoint of that family"});
  }
}

/// Istio: loadBalancer PASSTHROUGH keeps the address that was called.
bool keepsAddress(const ServiceRoute& route) {
  const auto& rule = route.rules.front();
  return rule.index < 0 && route.plain && route.plain->passthrough;
}

}  // namespace

void decidePath(ServiceRoute& route, const VirtualService* service) {
  const bool per_connection = splitsPerConnection(service);
  for (const auto& rule : route.rules) addRuleReasons(rule, per_connection, route.reasons);
  route.path = route.reasons.empty() ? Path::kConnect : Path::kProxy;
  if (keepsAddress(route)) {
    route.path = Path::kPassthrough;
    route.reasons.push_back({kOriginalDestination, "spec.trafficPolicy.loadBalancer.simple",
                             "PASSTHROUGH keeps the address that was called"});
  }
  addProtocolReason(route, service, route.reasons);
  addFamilyReasons(route, route.reasons);
}

void hide(ServiceRoute& route) {
  route.path = Path::kPassthrough;
  route.plain = nullptr;
  route.reasons.push_back({kNotExported, "metadata.annotations[networking.istio.io/exportTo]",
                           "the service is not exported to the client's namespace"});
}

}  // namespace sluice::routing
