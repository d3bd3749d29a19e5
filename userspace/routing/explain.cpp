// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/explain.h"

#include <algorithm>

#include "userspace/routing/matcher.h"
#include "userspace/routing/names.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {
namespace {

constexpr uint16_t kDefaultPort = 80;

std::string namespaceOf(const std::string& client) { return client.substr(0, client.find('/')); }

const RouteTable& tableFor(const Routing& routing, const std::string& client) {
  const auto known = routing.workload_class.find(client);
  return routing.tables.at(known == routing.workload_class.end() ? ClientClass{} : known->second);
}

bool isVip(const ServiceRoute& route, const std::string& text) {
  const auto ip = IpAddress::parse(text);
  return ip.ok() && std::find(route.vips.begin(), route.vips.end(), *ip) != route.vips.end();
}

/// Every spelling that resolves inside a cluster: S (in its own namespace), S.N, S.N.svc and the
/// full name, with a trailing dot or without; and the cluster IPs.
bool isNamed(const ServiceRoute& route, const std::string& client_namespace,
             const std::string& host) {
  const auto qualified = route.service_name + "." + route.service_namespace;
  if (host == route.service_name) return client_namespace == route.service_namespace;
  return host == qualified || host == qualified + ".svc" || host == route.service.host ||
         isVip(route, host);
}

bool isWantedPort(const ServiceRoute& route, std::optional<uint16_t> port, size_t port_count) {
  if (port) return route.service.port == *port;
  return port_count == 1 || route.service.port == kDefaultPort;
}

std::string authorityOf(const ExplainRequest& request) {
  if (!request.authority.empty()) return request.authority;
  return request.port ? request.host + ":" + std::to_string(*request.port) : request.host;
}

ExplainedDestination describe(const WeightedCluster& destination, double total) {
  ExplainedDestination result;
  result.cluster = destination.key;
  result.weight = destination.weight;
  result.share = destination.weight / total;
  result.exists = destination.cluster != nullptr;
  if (!destination.cluster) return result;
  result.endpoints = destination.cluster->endpoints;
  result.destination_rule = destination.cluster->destination_rule;
  return result;
}

/// Some of several destinations may be missing; the answer is local only when all are.
void decideAction(Explanation& explanation) {
  const auto& all = explanation.destinations;
  const bool served =
      std::any_of(all.begin(), all.end(), [](const auto& d) { return !d.endpoints.empty(); });
  const bool exists = std::any_of(all.begin(), all.end(), [](const auto& d) { return d.exists; });
  explanation.action = served ? Action::kRoute : exists ? Action::kNoEndpoints : Action::kNoCluster;
  if (served) return;
  explanation.flag = exists ? "UH" : "NC";
  if (explanation.path == Path::kProxy) explanation.status = 503;
}

void describeRule(const ServiceRoute& route, const Rule& rule, Explanation& explanation) {
  explanation.virtual_service = route.virtual_service;
  explanation.rule_index = rule.index;
  explanation.rule_name = rule.name;
  explanation.timeout = rule.timeout;
  explanation.fault = rule.fault;
  double total = 0;
  for (const auto& destination : rule.destinations) total += destination.weight;
  for (const auto& destination : rule.destinations)
    explanation.destinations.push_back(describe(destination, total));
  decideAction(explanation);
}

/// A request that owns what the matcher's view borrows.
class OwnedRequest {
 public:
  explicit OwnedRequest(const ExplainRequest& request)
      : request_(request), authority_(authorityOf(request)) {
    for (const auto& [name, value] : request.headers) headers_.push_back({name, value});
  }

  RequestView view() const {
    return {request_.method, "http", authority_, request_.path, headers_};
  }

 private:
  const ExplainRequest& request_;
  std::string authority_;
  std::vector<HeaderView> headers_;
};

void addUnmatched(const ServiceRoute& route, const Matcher& matcher, size_t matched,
                  const RequestView& view, Explanation& explanation) {
  for (size_t i = 0; i < route.rules.size(); ++i) {
    if (i == matched) continue;
    const auto& rule = route.rules[i];
    const auto why = i > matched ? "behind the rule that matches"
                                 : matcher.firstFailure(i, view) + " does not match";
    explanation.skipped.push_back({rule.index, rule.name, why});
  }
  std::sort(explanation.skipped.begin(), explanation.skipped.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
}

Result<Explanation> explainRoute(const ServiceRoute& route, const ExplainRequest& request) {
  Explanation explanation;
  explanation.path = route.path;
  explanation.reasons = route.reasons;
  explanation.skipped = route.skipped;
  if (route.path == Path::kPassthrough) return explanation;
  const auto matcher = Matcher::compile(route.rules);
  if (!matcher.ok()) return matcher.error();
  const OwnedRequest owned(request);
  const auto view = owned.view();
  const auto matched = (*matcher)->firstMatch(view);
  addUnmatched(route, **matcher, matched.value_or(route.rules.size()), view, explanation);
  if (matched) {
    describeRule(route, route.rules[*matched], explanation);
    return explanation;
  }
  explanation.action = Action::kNotFound;
  explanation.virtual_service = route.virtual_service;
  explanation.status = 404;
  explanation.flag = "NR";
  return explanation;
}

}  // namespace

const char* actionName(Action action) {
  switch (action) {
    case Action::kRoute:
      return "route";
    case Action::kNotFound:
      return "not_found";
    case Action::kNoCluster:
      return "no_cluster";
    case Action::kNoEndpoints:
      return "no_endpoints";
    case Action::kPassthrough:
      return "passthrough";
  }
  return "";
}

const ServiceRoute* findService(const RouteTable& table, const std::string& client_namespace,
                                const std::string& host, std::optional<uint16_t> port) {
  auto name = toLower(host);
  if (name.ends_with('.')) name.pop_back();
  std::vector<const ServiceRoute*> named;
  for (const auto& [key, route] : table.services)
    if (isNamed(*route, client_namespace, name)) named.push_back(route.get());
  for (const auto* route : named)
    if (isWantedPort(*route, port, named.size())) return route;
  return nullptr;
}

Result<Explanation> explain(const Routing& routing, const ExplainRequest& request) {
  const auto* route = findService(tableFor(routing, request.from), namespaceOf(request.from),
                                  request.host, request.port);
  if (!route) return Explanation{};
  return explainRoute(*route, request);
}

}  // namespace sluice::routing
