// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/path.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "userspace/model/codes.h"
#include "userspace/routing/policy_reasons.h"
#include "userspace/routing/protocol.h"

namespace sluice::routing {
namespace {

using Reasons = std::vector<Reason>;
/// How often each code would have been given.
using Said = std::map<std::string_view, size_t>;

/// Of the rules of one route; the others are counted. Nobody reads a thousand, and thousands of
/// services may have them.
constexpr size_t kMostOfOneCode = 16;

/// Empty: there is none.
std::string_view annotationOf(const MeshVirtualService* service, const char* name) {
  if (!service) return "";
  const auto& annotations = service->resource->metadata.annotations;
  const auto found = annotations.find(name);
  return found == annotations.end() ? std::string_view() : found->second;
}

bool splitsPerConnection(const MeshVirtualService* winner) {
  return annotationOf(winner, kSplitAnnotation) == "connection";
}

/// Says of one rule what a connection alone cannot carry out.
class RuleReasons {
 public:
  RuleReasons(const Rule& rule, Said& said, Reasons& reasons)
      : rule_(rule), said_(said), reasons_(reasons) {}

  void add(bool per_connection) {
    addAboutTheRequest(per_connection);
    addAnswers();
    addAboutForwarding();
  }

 private:
  void say(const char* code, const char* part, const char* text) {
    if (++said_[code] > kMostOfOneCode) return;
    auto field = "spec.http[" + std::to_string(rule_.index) + "]." + part;
    if (!rule_.delegate.empty()) field = "VirtualService " + rule_.delegate + " " + field;
    reasons_.push_back({code, std::move(field), text});
  }

  void addAboutTheRequest(bool per_connection) {
    if (!rule_.matches.empty())
      say(code::kRequestMatch, "match", "the rule looks at the request, which the proxy reads");
    if (rule_.destinations.size() > 1 && !per_connection)
      say(code::kRequestSplit, "route",
          "weights are drawn for each request; annotate the VirtualService with "
          "sluice.io/split: connection to draw once per connection");
  }

  void addAnswers() {
    if (rule_.redirect) say(code::kRedirect, "redirect", "the proxy answers with the redirect");
    if (rule_.direct_response)
      say(code::kDirectResponse, "directResponse", "the proxy gives the answer itself");
    if (rule_.destinations.empty() && !rule_.redirect && !rule_.direct_response)
      say(code::kNoDestination, "route", "the rule has no destination; the proxy answers 503");
  }

  void addAboutForwarding() {
    if (rule_.fault) say(code::kFault, "fault", "faults are injected into requests by the proxy");
    if (rule_.timeout) say(code::kTimeout, "timeout", "the proxy watches how long a request takes");
    if (rule_.retries && rule_.retries->attempts > 0)
      say(code::kRetries, "retries", "the proxy sends a request again that has failed");
    if (rule_.rewrite) say(code::kRewrite, "rewrite", "the proxy rewrites the request");
    if (!rule_.mirrors.empty()) say(code::kMirror, "mirrors", "the proxy sends copies of requests");
    if (rule_.cors)
      say(code::kCors, "corsPolicy", "the proxy answers and marks requests of other origins");
    if (!rule_.headers->empty()) say(code::kHeaderOperations, "headers", kHeaderText);
    if (std::ranges::any_of(rule_.destinations, [](const auto& d) { return !d.headers->empty(); }))
      say(code::kHeaderOperations, "route", kHeaderText);
  }

  static constexpr const char* kHeaderText = "the proxy changes headers";

  const Rule& rule_;
  Said& said_;
  Reasons& reasons_;
};

void addRuleReasons(const std::vector<Rule>& rules, bool per_connection, Reasons& reasons) {
  Said said;
  for (const auto& rule : rules) RuleReasons(rule, said, reasons).add(per_connection);
  for (const auto& [code, times] : said)
    if (times > kMostOfOneCode)
      reasons.push_back(
          {std::string(code), "spec.http",
           "and so it is with " + std::to_string(times - kMostOfOneCode) + " more of the rules"});
}

bool hasHttpRules(const ServiceRoute& route) { return route.rules->front().index >= 0; }

std::string ruleField(const L4Rule& rule) {
  return std::string(rule.kind == L4Rule::Kind::kTcp ? "spec.tcp[" : "spec.tls[") +
         std::to_string(rule.index) + "].match";
}

void addConnectionReasons(const ServiceRoute& route, const PathContext& context, Reasons& reasons) {
  if (route.protocol == Protocol::kUnknown && (hasHttpRules(route) || !route.l4_rules.empty()))
    reasons.push_back({code::kDetectedProtocol, "",
                       "the protocol of port " + std::to_string(route.service.port) +
                           " is not declared, so the proxy looks at the first bytes; name the "
                           "Service's port http or tcp, or set its appProtocol"});
  if (route.protocol == Protocol::kTls && context.shares_addresses)
    reasons.push_back({code::kServerName, "spec.addresses",
                       "the service has no address of its own, so the proxy reads the server name "
                       "that the client asks for (SNI)"});
  if (route.l4_rules.empty()) return;
  const auto& first = route.l4_rules.front();
  if (first.kind == L4Rule::Kind::kTls)
    reasons.push_back({code::kServerName, ruleField(first),
                       "the rule looks at the server name that the client asks for (SNI), which "
                       "the proxy reads"});
  else if (!first.subnets.empty())
    reasons.push_back({code::kAddressRange, ruleField(first),
                       "the rule is about some of the addresses that clients may call"});
}

/// The mesh's own policy; Istio's default costs nobody the connect path (istio-differences).
void addRetriesOfTheMesh(const ServiceRoute& route, const AgentSettings& agent, Reasons& reasons) {
  const auto& policy = agent.default_http_retry_policy;
  if (!isHttp(route.protocol) || !policy || policy->attempts <= 0) return;
  const bool used = std::ranges::any_of(
      *route.rules, [](const auto& rule) { return !rule.retries && !rule.destinations.empty(); });
  if (used)
    reasons.push_back({code::kRetries, "Agent spec.mesh.defaultHttpRetryPolicy",
                       "the proxy sends a request again that has failed"});
}

void addHttpReasons(const ServiceRoute& route, const PathContext& context, Reasons& reasons) {
  if (isHttp(route.protocol) && context.agent.http_mode == AgentSettings::HttpMode::kIstio)
    reasons.push_back({code::kHostDecides, "",
                       "httpMode istio: the Host header picks the service, which the proxy reads"});
  else if (isHttp(route.protocol) && AddedHeaders::of(context.agent).any())
    reasons.push_back({code::kAddedHeaders, "Agent spec.headers",
                       "the proxy adds header fields to every request"});
  const bool per_connection = splitsPerConnection(context.winner);
  addRuleReasons(*route.rules, per_connection, reasons);
  addRetriesOfTheMesh(route, context.agent, reasons);
}

/// `http` rules that do not apply to the port are said to be so.
void addProtocolReason(ServiceRoute& route, const PathContext& context) {
  if (route.protocol != Protocol::kTcp && route.protocol != Protocol::kTls) return;
  if (std::ranges::none_of(context.candidates,
                           [](const auto& c) { return !c.service->http.empty(); }))
    return;
  route.reasons.push_back({code::kNotHttp, "spec.http",
                           "port " + std::to_string(route.service.port) +
                               " is declared as TCP or TLS, so http rules do not apply"});
}

/// Both families are compiled from one route; the one that needs the proxy has a reason.
void addFamilyReasons(ServiceRoute& route) {
  for (const auto family : {Family::kV4, Family::kV6}) {
    const bool called = std::any_of(route.vips.begin(), route.vips.end(),
                                    [&](const auto& ip) { return familyOf(ip) == family; });
    if (!called || route.path != Path::kConnect || route.pathFor(family) == Path::kConnect)
      continue;
    const std::string name = family == Family::kV4 ? "IPv4" : "IPv6";
    route.reasons.push_back({code::kOtherFamily, "",
                             "connections to the " + name +
                                 " address take the proxy: a destination has "
                                 "no endpoint of that family"});
  }
}

/// Istio: loadBalancer PASSTHROUGH keeps the address that was called, and so does a ServiceEntry
/// of resolution NONE. Where Host decides, the proxy keeps it.
bool keepsAddress(const ServiceRoute& route) {
  return !hasHttpRules(route) && route.l4_rules.empty() && route.plain && route.plain->passthrough;
}

/// Whose rules connections go by; null: nobody's.
const MeshVirtualService* ruleOfConnections(const ServiceRoute& route, const PathContext& context) {
  if (context.winner || route.l4_rules.empty()) return context.winner;
  for (const auto& candidate : context.candidates)
    if (candidate.service->resource->metadata.key() == route.l4_rules.front().virtual_service)
      return candidate.service;
  return nullptr;
}

/// Of ports that carry something else than HTTP nobody knows when they are idle, unless the rule's
/// author does.
void decideDrain(ServiceRoute& route, const PathContext& context) {
  using Drain = AgentSettings::Drain;
  const auto* rule = ruleOfConnections(route, context);
  const auto asked = annotationOf(rule, kDrainAnnotation);
  if (asked.empty())
    route.drain = isHttp(route.protocol) ? context.agent.drain : Drain::kOff;
  else
    route.drain = asked == "now" ? Drain::kNow : asked == "idle" ? Drain::kIdle : Drain::kOff;
  route.rebalance = annotationOf(rule, kRebalanceAnnotation) == "drain";
}

bool isRuled(const ServiceRoute& route, const PathContext& context) {
  if (context.from_entry || context.winner || !context.candidates.empty()) return true;
  return route.plain && !route.plain->destination_rule.empty();
}

void passThrough(ServiceRoute& route, Reason reason) {
  route.path = Path::kPassthrough;
  route.reasons.push_back(std::move(reason));
}

}  // namespace

void decidePath(ServiceRoute& route, const PathContext& context) {
  addHttpReasons(route, context, route.reasons);
  addConnectionReasons(route, context, route.reasons);
  addPolicyReasons(route, route.reasons);
  route.path = route.reasons.empty() ? Path::kConnect : Path::kProxy;
  if (route.path == Path::kConnect && keepsAddress(route))
    passThrough(route, {code::kOriginalDestination, "spec.trafficPolicy.loadBalancer.simple",
                        "the address that was called is kept (PASSTHROUGH, resolution NONE)"});
  if (context.agent.steer == AgentSettings::Steer::kRuled && !isRuled(route, context)) {
    route.reasons.clear();
    passThrough(route,
                {code::kNotRuled, "", "steer: ruled leaves services alone that no rule names"});
  }
  addProtocolReason(route, context);
  addFamilyReasons(route);
  decideDrain(route, context);
}

void hide(ServiceRoute& route) {
  route.path = Path::kPassthrough;
  route.plain = nullptr;
  route.reasons.push_back({code::kNotExported, "metadata.annotations[networking.istio.io/exportTo]",
                           "the service is not exported to the client's namespace"});
}

}  // namespace sluice::routing
