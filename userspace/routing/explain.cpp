// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/explain.h"

#include <algorithm>

#include "userspace/routing/explain_http.h"
#include "userspace/routing/locate.h"
#include "userspace/routing/policy_reasons.h"
#include "userspace/routing/protocol.h"

namespace sluice::routing {
namespace {

const RouteTable& tableFor(const Routing& routing, const std::string& client) {
  const auto known = routing.workload_class.find(client);
  return routing.tables.at(known == routing.workload_class.end() ? ClientClass{} : known->second);
}

constexpr const char* kBytesAreNotHttp =
    "the port is declared as HTTP and the bytes are not: no rule applies to them";

class Explainer {
 public:
  Explainer(const Routing& routing, const ExplainRequest& request)
      : context_{routing, tableFor(routing, request.from), request},
        request_(request),
        target_(findTarget(context_.table, routing.agent, request)) {}

  Result<Explanation> explain() && {
    answer_.service = target_.name;
    const auto listener = findListener(context_.table, target_, request_);
    auto done = explainAt(listener);
    if (!done) return std::move(done).error();
    warnAboutDestinations();
    warnAboutRule();
    std::ranges::stable_sort(answer_.skipped, {}, &SkippedRule::index);
    return std::move(answer_);
  }

 private:
  bool isHttpCall() const { return request_.protocol == CallProtocol::kHttp; }

  Result<void> explainAt(const Listener& listener) {
    switch (listener.kind) {
      case Listener::Kind::kNone:
        if (target_.service) describe(*target_.service);
        return passOn(), Result<void>();
      case Listener::Kind::kHosts:
        return explainByHost(*listener.hosts);
      case Listener::Kind::kService:
        break;
    }
    if (listener.how.empty()) return explainService(*listener.service);
    nameService(*listener.service, listener.how);
    SLUICE_TRY(explainService(*listener.service));
    describePort();
    return {};
  }

  void nameService(const ServiceRoute& route, const std::string& how) {
    answer_.service = {route.service.host, route.service.port, route.protocol, how};
  }

  void describe(const ServiceRoute& route) {
    answer_.path = route.path;
    answer_.reasons = route.reasons;
    answer_.skipped = *route.skipped;
    answer_.losers = route.losers;
  }

  /// What services share without listing addresses is the proxy's, whatever each of them needs.
  void describePort() {
    const auto* port = context_.table.services.find({kAnyHost, target_.port});
    if (!port || (*port)->path != Path::kProxy || answer_.path != Path::kConnect) return;
    answer_.path = Path::kProxy;
    const auto& reasons = (*port)->reasons;
    answer_.reasons.insert(answer_.reasons.begin(), reasons.begin(), reasons.end());
  }

  /// Istio: on a declared HTTP port the Host header decides, whatever address was called. Bytes
  /// that are no HTTP go on to where they were sent.
  Result<void> explainByHost(const VirtualHosts& hosts) {
    answer_.path = Path::kProxy;
    if (!isHttpCall()) {
      answer_.warnings.emplace_back(kBytesAreNotHttp);
      return passOn(), Result<void>();
    }
    const auto authority = authorityOf(request_);
    const auto* route = hosts.find(authority);
    if (!route) return unknownHost(authority), Result<void>();
    const bool other = target_.name.host != (*route)->service.host;
    if (other) nameService(**route, "the Host header says " + authority);
    describe(**route);
    answer_.path = Path::kProxy;
    return explainHttp(context_, **route, target_.port, answer_);
  }

  void unknownHost(const std::string& authority) {
    answer_.service = {};
    answer_.warnings.push_back("no service is called " + authority + " on port " +
                               std::to_string(target_.port));
    passOn();
    if (answer_.action != Action::kRefused) return;
    answer_.action = Action::kDirectResponse;
    answer_.status = 502;
  }

  /// To the address that was called, unless only what is known may be called. Where the proxy is in
  /// between and it is a service's: to that one's endpoints, past its rules.
  void passOn() {
    answer_.to = target_.text;
    answer_.action = Action::kPassthrough;
    const bool known =
        target_.service && !isHidden(*target_.service) && answer_.path == Path::kPassthrough;
    if (!known && isLookedAt() &&
        context_.table.outbound_mode == Sidecar::OutboundMode::kRegistryOnly) {
      answer_.action = Action::kRefused;
      answer_.to.clear();
      answer_.warnings.emplace_back("outboundTrafficPolicy REGISTRY_ONLY lets nothing else pass");
      return;
    }
    if (answer_.path == Path::kProxy && target_.service && target_.service->plain)
      describeDefault(*target_.service);
  }

  /// Connections to addresses of no service, on ports that no service has without listing
  /// addresses, go past Sluice.
  bool isLookedAt() const {
    return target_.service || context_.table.services.find({kAnyHost, target_.port});
  }

  Result<void> explainService(const ServiceRoute& route) {
    describe(route);
    if (route.path == Path::kPassthrough) return passOn(), Result<void>();
    const bool may_be_http = isHttp(route.protocol) || route.protocol == Protocol::kUnknown;
    if (isHttpCall() && may_be_http) return explainHttp(context_, route, target_.port, answer_);
    if (isHttp(route.protocol) && route.path == Path::kProxy) {
      answer_.warnings.emplace_back(kBytesAreNotHttp);
      return passOn(), Result<void>();
    }
    explainConnection(route);
    return {};
  }

  void explainConnection(const ServiceRoute& route) {
    const auto fits =
        std::ranges::find_if(route.l4_rules, [&](const auto& rule) { return holds(rule); });
    if (fits != route.l4_rules.end())
      describeRule(*fits);
    else if (route.protocol == Protocol::kTls && !route.l4_rules.empty())
      return unknownServerName();
    else
      describeDefault(route);
    skipOthers(route, fits);
    decideByDestinations(context_, answer_);
    if (answer_.action != Action::kRoute) answer_.action = Action::kRefused;
  }

  bool holds(const L4Rule& rule) const {
    if (rule.kind == L4Rule::Kind::kTls && (request_.protocol != CallProtocol::kTls ||
                                            !coversServerName(rule.sni_hosts, request_.sni)))
      return false;
    if (rule.subnets.empty()) return true;
    return target_.address && std::ranges::any_of(rule.subnets, [&](const auto& subnet) {
             return subnet.contains(*target_.address);
           });
  }

  void unknownServerName() {
    answer_.warnings.emplace_back(
        "no tls rule names this server, and the service has tls rules: the connection is passed "
        "on");
    passOn();
  }

  void describeRule(const L4Rule& rule) {
    answer_.virtual_service = rule.virtual_service;
    answer_.rule_index = rule.index;
    answer_.rule_list = rule.kind == L4Rule::Kind::kTcp ? "tcp" : "tls";
    answer_.destinations = explainDestinations(context_, rule.destinations);
  }

  /// What stands beside connection rules: the service without any.
  void describeDefault(const ServiceRoute& route) {
    WeightedCluster whole;
    whole.key = {route.service.host, route.service.port, ""};
    whole.cluster = route.plain;
    answer_.destinations = explainDestinations(context_, {whole});
  }

  void skipOthers(const ServiceRoute& route, std::vector<L4Rule>::const_iterator fits) {
    for (auto at = route.l4_rules.begin(); at != route.l4_rules.end(); ++at) {
      if (at == fits) continue;
      const bool tls = at->kind == L4Rule::Kind::kTls;
      const std::string why = at > fits ? "behind the rule that matches"
                              : tls     ? "sniHosts does not match"
                                        : "destinationSubnets does not match";
      answer_.skipped.push_back({at->index, {}, why, {}, tls ? "tls" : "tcp"});
    }
  }

  void warnAboutDestinations() {
    for (const auto& destination : answer_.destinations) {
      if (!destination.missing.empty()) answer_.warnings.push_back(destination.missing);
      if (const char* why = whyNothingIsSent(destination.policy))
        answer_.warnings.push_back("nothing is sent to " + destination.cluster.text() + ": " + why +
                                   ", which this version does not do; requests get 503");
      if (destination.lacks_hash_key)
        answer_.warnings.push_back(
            "nothing is hashed (" + destination.policy.load_balancer->from +
            "): a policy of portLevelSettings needs destination.port in the route");
      const auto& localities = destination.policy.outlier_detection;
      const bool spread =
          std::ranges::any_of(destination.endpoints, [](const auto& e) { return e.priority > 0; });
      if (localities && spread)
        answer_.warnings.push_back("outlierDetection (" + localities->from +
                                   ") switches locality failover on: endpoints further away get "
                                   "nothing while near ones are healthy");
    }
  }

  bool hasOwnRetries() const {
    return answer_.retries && answer_.retries->from.starts_with("VirtualService/");
  }

  void warnAboutRule() {
    if (answer_.fault && (answer_.timeout || hasOwnRetries()))
      answer_.warnings.emplace_back(
          "faults are injected before timeout and retries of the same rule, which do not see them");
    if (answer_.rewritten_path && answer_.rewritten_path->starts_with("//"))
      answer_.warnings.emplace_back(
          "the rewritten path begins with //: a prefix is replaced as text; end both the match "
          "and the rewrite with / or neither");
  }

  const ExplainContext context_;
  const ExplainRequest& request_;
  const CalledTarget target_;
  Explanation answer_;
};

}  // namespace

const char* callProtocolName(CallProtocol protocol) {
  switch (protocol) {
    case CallProtocol::kHttp:
      return "http";
    case CallProtocol::kTcp:
      return "tcp";
    case CallProtocol::kTls:
      return "tls";
  }
  return "";
}

std::optional<CallProtocol> callProtocolNamed(std::string_view name) {
  for (const auto protocol : {CallProtocol::kHttp, CallProtocol::kTcp, CallProtocol::kTls})
    if (callProtocolName(protocol) == name) return protocol;
  return std::nullopt;
}

const char* actionName(Action action) {
  switch (action) {
    case Action::kRoute:
      return "route";
    case Action::kRedirect:
      return "redirect";
    case Action::kDirectResponse:
      return "direct_response";
    case Action::kNotFound:
      return "not_found";
    case Action::kNoCluster:
      return "no_cluster";
    case Action::kNoEndpoints:
      return "no_endpoints";
    case Action::kPassthrough:
      return "passthrough";
    case Action::kRefused:
      return "refused";
  }
  return "";
}

Result<Explanation> explain(const Routing& routing, const ExplainRequest& request) {
  return Explainer(routing, request).explain();
}

}  // namespace sluice::routing
