// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/compile.h"

#include <algorithm>

#include "userspace/routing/names.h"
#include "userspace/routing/path.h"

namespace sluice::routing {
namespace {

/// Which parts of a match do not hold for a client and a port, whatever the request; null when
/// all hold. Istio, sourceMatchHTTP: where a match names gateways, the client is not looked at.
const char* staticMismatch(const HttpMatchRequest& match, const Client& client, uint16_t port) {
  if (match.port && *match.port != port) return "port";
  if (!match.gateways.empty()) {
    const auto& gateways = match.gateways;
    const bool mesh = std::find(gateways.begin(), gateways.end(), "mesh") != gateways.end();
    return mesh ? nullptr : "gateways";
  }
  if (!match.source_namespace.empty() && match.source_namespace != client.namespace_)
    return "sourceNamespace";
  return client.has(match.source_labels) ? nullptr : "sourceLabels";
}

RequestMatch requestPart(const HttpMatchRequest& match) {
  return {match.name,           match.uri,     match.scheme,          match.method,
          match.authority,      match.headers, match.without_headers, match.query_params,
          match.ignore_uri_case};
}

/// A fault that would hit no request is none, so that it does not cost the route its path.
std::optional<HttpFaultInjection> effectiveFault(const std::optional<HttpFaultInjection>& fault) {
  if (!fault) return std::nullopt;
  HttpFaultInjection effective = *fault;
  if (effective.delay && effective.delay->percentage.millionths == 0) effective.delay.reset();
  if (effective.abort && effective.abort->percentage.millionths == 0) effective.abort.reset();
  if (!effective.delay && !effective.abort) return std::nullopt;
  return effective;
}

class Compiler {
 public:
  Compiler(Catalog& catalog, const RegistryService& service, const RegistryPort& port,
           const Client& client)
      : catalog_(catalog), service_(service), port_(port), client_(client) {}

  std::shared_ptr<const ServiceRoute> compile() {
    auto route = std::make_shared<ServiceRoute>();
    route_ = route.get();
    describeService();
    if (visibilityFor(service_.export_to, service_.namespace_, client_.namespace_) ==
        Visibility::kHidden) {
      hide(*route);
      return route;
    }
    const auto* rules = catalog_.virtual_services.find(service_.host, client_.namespace_);
    if (rules && isHttp(port_.protocol)) addRules(*rules);
    if (route_->rules.empty()) addDefaultRule();
    decidePath(*route, rules);
    return route;
  }

 private:
  void describeService() {
    route_->service = {service_.host, port_.number};
    route_->service_namespace = service_.namespace_;
    route_->service_name = service_.name;
    route_->protocol = port_.protocol;
    route_->vips = service_.vips;
    route_->plain = catalog_.clusters.find({service_.host, port_.number, ""}, client_.namespace_);
  }

  /// Istio: when not one rule is left for this client and port, the default route stays.
  void addRules(const VirtualService& service) {
    bool closed = false;
    for (size_t i = 0; i < service.http.size(); ++i) {
      const auto& http = service.http[i];
      auto rule = closed ? std::nullopt : compileRule(service, static_cast<int>(i));
      if (closed) skip(static_cast<int>(i), http, "after a rule that matches everything");
      if (!rule) continue;
      closed = rule->matches.empty();
      route_->rules.push_back(std::move(*rule));
    }
    if (!route_->rules.empty()) route_->virtual_service = service.metadata.key();
  }

  void skip(int index, const HttpRoute& http, std::string why) {
    route_->skipped.push_back({index, http.name, std::move(why)});
  }

  /// Nothing when no match of the rule can hold.
  std::optional<Rule> compileRule(const VirtualService& service, int index) {
    const auto& http = service.http[static_cast<size_t>(index)];
    Rule rule;
    rule.index = index;
    rule.name = http.name;
    rule.timeout = http.timeout;
    rule.fault = effectiveFault(http.fault);
    if (!compileMatches(http, index, rule.matches)) return std::nullopt;
    rule.destinations = compileDestinations(service, http.route);
    return rule;
  }

  /// One alternative that always holds makes the others pointless: no match then.
  bool compileMatches(const HttpRoute& http, int index, std::vector<RequestMatch>& matches) {
    const char* mismatch = nullptr;
    bool everything = http.match.empty();
    for (const auto& match : http.match) {
      if (const char* part = staticMismatch(match, client_, port_.number)) {
        mismatch = part;
        continue;
      }
      matches.push_back(requestPart(match));
      everything = everything || matches.back().matchesEverything();
    }
    if (everything) matches.clear();
    if (!everything && matches.empty()) skip(index, http, mismatch);
    return everything || !matches.empty();
  }

  /// Istio: a single destination gets everything whatever its weight says; of several, those
  /// of weight 0 get nothing.
  std::vector<WeightedCluster> compileDestinations(const VirtualService& service,
                                                   const std::vector<RouteDestination>& route) {
    std::vector<WeightedCluster> destinations;
    for (const auto& destination : route) {
      if (route.size() > 1 && destination.weight == 0) continue;
      destinations.push_back(compileDestination(service, destination));
      if (route.size() == 1) destinations.back().weight = 1;
    }
    return destinations;
  }

  WeightedCluster compileDestination(const VirtualService& service,
                                     const RouteDestination& destination) {
    const auto& to = destination.destination;
    const auto host = fullHost(to.host, service.metadata.namespace_, catalog_.domain);
    const ClusterKey key{host, destinationPort(host, to), to.subset};
    return {key, destination.weight, catalog_.clusters.find(key, client_.namespace_)};
  }

  /// Without a port Istio's sidecars take the one that was called, its documentation says that a
  /// service with a single port needs none. Both hold here: the called port if the service has
  /// it, else its only one.
  uint16_t destinationPort(const std::string& host, const Destination& to) const {
    if (to.port) return *to.port;
    const auto* service = catalog_.registry.find(host);
    const bool infer = service && !service->port(port_.number) && service->ports.size() == 1;
    return infer ? service->ports.front().number : port_.number;
  }

  void addDefaultRule() {
    Rule rule;
    rule.index = -1;
    rule.destinations.push_back({{service_.host, port_.number, ""}, 1, route_->plain});
    route_->rules.push_back(std::move(rule));
  }

  Catalog& catalog_;
  const RegistryService& service_;
  const RegistryPort& port_;
  const Client& client_;
  ServiceRoute* route_ = nullptr;
};

}  // namespace

std::shared_ptr<const ServiceRoute> compileRoute(Catalog& catalog, const RegistryService& service,
                                                 const RegistryPort& port, const Client& client) {
  return Compiler(catalog, service, port, client).compile();
}

}  // namespace sluice::routing
