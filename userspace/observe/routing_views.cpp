// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/routing_views.h"

#include <map>

#include "userspace/routing/health.h"
#include "userspace/source/time_text.h"

namespace sluice::observe {
namespace {

using routing::ClusterKey;
using routing::RequestMatch;
using routing::Rule;
using routing::ServiceRoute;
using source::durationText;

std::string conditionText(const std::string& field, const StringMatch& match) {
  switch (match.kind) {
    case StringMatch::Kind::kExact:
      return field + " exact " + match.value;
    case StringMatch::Kind::kPrefix:
      return field + " prefix " + match.value;
    case StringMatch::Kind::kRegex:
      return field + " regex " + match.value;
    case StringMatch::Kind::kPresent:
      break;
  }
  return field + " present";
}

void appendCondition(std::string& text, const std::string& condition) {
  if (!text.empty()) text += " and ";
  text += condition;
}

void appendConditions(std::string& text, const std::string& field,
                      const std::map<std::string, StringMatch>& conditions) {
  for (const auto& [name, match] : conditions)
    appendCondition(text, conditionText(field + "[" + name + "]", match));
}

std::string alternativeText(const RequestMatch& match) {
  std::string text;
  if (match.uri) appendCondition(text, conditionText("uri", *match.uri));
  if (match.scheme) appendCondition(text, conditionText("scheme", *match.scheme));
  if (match.method) appendCondition(text, conditionText("method", *match.method));
  if (match.authority) appendCondition(text, conditionText("authority", *match.authority));
  appendConditions(text, "headers", match.headers);
  appendConditions(text, "withoutHeaders", match.without_headers);
  appendConditions(text, "queryParams", match.query_params);
  return text.empty() ? "*" : text;
}

Json vipViews(const std::vector<IpAddress>& vips) {
  Json views = Json::array();
  for (const auto& vip : vips) views.push_back(vip.text());
  return views;
}

Json destinationViews(const Rule& rule) {
  uint64_t total = 0;
  for (const auto& destination : rule.destinations) total += destination.weight;
  Json views = Json::array();
  for (const auto& destination : rule.destinations) {
    const auto& cluster = destination.cluster;
    const double weight = destination.weight;
    views.push_back({{"host", destination.key.host},
                     {"port", destination.key.port},
                     {"subset", destination.key.subset},
                     {"weight", destination.weight},
                     {"share", total == 0 ? 0 : weight / static_cast<double>(total)},
                     {"exists", cluster != nullptr},
                     {"endpoints", cluster ? cluster->endpoints.size() : 0}});
  }
  return views;
}

Json serviceView(const ServiceRoute& route) {
  return {{"namespace", route.service_namespace},
          {"name", route.service_name},
          {"host", route.service.host},
          {"port", route.service.port},
          {"protocol", protocolName(route.protocol)},
          {"addresses", vipViews(route.vips)},
          {"path", routing::pathName(route.path)},
          {"virtualService", route.virtual_service}};
}

Json ruleView(const ServiceRoute& route, const Rule& rule, const Json& clients) {
  Json view = {{"namespace", route.service_namespace},
               {"name", route.service_name},
               {"host", route.service.host},
               {"port", route.service.port},
               {"clients", clients},
               {"virtualService", route.virtual_service},
               {"rule", rule.index},
               {"ruleName", rule.name},
               {"match", matchText(rule.matches)},
               {"destinations", destinationViews(rule)}};
  view["fault"] = rule.fault ? faultView(*rule.fault) : Json(nullptr);
  view["timeout"] = rule.timeout ? Json(durationText(*rule.timeout)) : Json(nullptr);
  view["path"] = routing::pathName(route.path);
  view["reasons"] = reasonViews(route.reasons);
  return view;
}

Json clientsOf(const routing::Routing& routing, ClientClass client_class) {
  Json clients = Json::array();
  if (!client_class) return clients;
  for (const auto& [workload, its_class] : routing.workload_class)
    if (its_class == client_class) clients.push_back(workload);
  return clients;
}

/// A class sees most services as everybody does: those are listed once.
template <typename Visitor>
void forEachRoute(const routing::Routing& routing, const Visitor& visitor) {
  for (const auto& [client_class, table] : routing.tables) {
    const auto& routes = client_class ? table.services.own() : table.services.common();
    for (const auto& [key, route] : routes) visitor(client_class, *route);
  }
}

using Clusters = std::map<ClusterKey, std::pair<std::string, const routing::Cluster*>>;

void collectClusters(const ServiceRoute& route, Clusters& clusters) {
  if (route.plain)
    clusters.try_emplace(route.plain->key, route.service_namespace, route.plain.get());
  for (const auto& rule : *route.rules)
    for (const auto& destination : rule.destinations)
      if (destination.cluster)
        clusters.try_emplace(destination.key, route.service_namespace, destination.cluster.get());
}

bool isEjected(const routing::Cluster& cluster, const routing::ClusterEndpoint& endpoint,
               const Outliers& outliers) {
  const auto found = outliers.find(routing::clusterName(cluster));
  return found != outliers.end() && found->second.ejected.contains(endpoint.address);
}

}  // namespace

Json serviceItems(const routing::Routing& routing) {
  Json items = Json::array();
  const auto everybody = routing.tables.find(ClientClass{});
  if (everybody == routing.tables.end()) return items;
  for (const auto& [key, route] : everybody->second.services) items.push_back(serviceView(*route));
  return items;
}

Json routeItems(const routing::Routing& routing) {
  Json items = Json::array();
  forEachRoute(routing, [&](ClientClass client_class, const ServiceRoute& route) {
    const auto clients = clientsOf(routing, client_class);
    for (const auto& rule : *route.rules) items.push_back(ruleView(route, rule, clients));
  });
  return items;
}

Json endpointItems(const routing::Routing& routing, const Outliers& outliers) {
  Clusters clusters;
  forEachRoute(routing,
               [&](ClientClass, const ServiceRoute& route) { collectClusters(route, clusters); });
  Json items = Json::array();
  for (const auto& [key, owner] : clusters)
    for (const auto& endpoint : owner.second->endpoints)
      items.push_back(
          {{"namespace", owner.first},
           {"cluster", key.text()},
           {"host", key.host},
           {"port", key.port},
           {"subset", key.subset},
           {"address", endpoint.address.text()},
           {"pod", endpoint.pod},
           {"state", isEjected(*owner.second, endpoint, outliers) ? "ejected" : "ready"}});
  return items;
}

const char* protocolName(routing::Protocol protocol) {
  switch (protocol) {
    case routing::Protocol::kHttp:
      return "http";
    case routing::Protocol::kHttp2:
      return "http2";
    case routing::Protocol::kGrpc:
      return "grpc";
    case routing::Protocol::kTls:
      return "tls";
    case routing::Protocol::kTcp:
      return "tcp";
    case routing::Protocol::kUnknown:
      break;
  }
  return "unknown";
}

std::string matchText(const std::vector<RequestMatch>& matches) {
  std::string text;
  for (const auto& match : matches) {
    if (!text.empty()) text += " or ";
    text += alternativeText(match);
  }
  return text.empty() ? "*" : text;
}

Json faultView(const HttpFaultInjection& fault) {
  const auto percent = [](Percent share) { return share.millionths / 10'000.0; };
  Json view = Json::object();
  if (fault.delay)
    view["delay"] = {{"fixedDelay", durationText(fault.delay->fixed_delay)},
                     {"percent", percent(fault.delay->percentage)}};
  if (!fault.abort) return view;
  view["abort"] = {{"percent", percent(fault.abort->percentage)}};
  if (fault.abort->http_status) view["abort"]["httpStatus"] = *fault.abort->http_status;
  if (!fault.abort->grpc_status.empty()) view["abort"]["grpcStatus"] = fault.abort->grpc_status;
  return view;
}

Json reasonViews(const std::vector<routing::Reason>& reasons) {
  Json views = Json::array();
  for (const auto& [code, field, text] : reasons)
    views.push_back({{"code", code}, {"field", field}, {"text", text}});
  return views;
}

}  // namespace sluice::observe
