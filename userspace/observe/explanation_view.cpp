// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/explanation_view.h"

#include "userspace/observe/policy_views.h"
#include "userspace/observe/routing_views.h"
#include "userspace/source/time_text.h"

namespace sluice::observe {
namespace {

using routing::Explanation;

Json serviceView(const routing::ExplainedService& service) {
  if (service.host.empty()) return nullptr;
  return {{"host", service.host},
          {"port", service.port},
          {"protocol", protocolName(service.protocol)},
          {"how", service.how}};
}

Json ruleView(const Explanation& explanation) {
  if (explanation.virtual_service.empty()) return nullptr;
  return {{"virtualService", explanation.virtual_service},
          {"list", explanation.rule_list},
          {"index", explanation.rule_index},
          {"name", explanation.rule_name},
          {"delegate", explanation.delegate}};
}

Json endpointViews(const routing::ExplainedDestination& destination) {
  Json endpoints = Json::array();
  for (const auto& endpoint : destination.endpoints)
    endpoints.push_back({{"address", endpoint.address.text()},
                         {"pod", endpoint.pod},
                         {"locality", endpoint.locality},
                         {"priority", endpoint.priority},
                         {"share", endpoint.share}});
  for (const auto& name : destination.unresolved)
    endpoints.push_back({{"name", name.host}, {"port", name.port}});
  return endpoints;
}

Json destinationView(const routing::ExplainedDestination& destination) {
  return {{"host", destination.cluster.host},
          {"subset", destination.cluster.subset},
          {"port", destination.cluster.port},
          {"weight", destination.weight},
          {"share", destination.share},
          {"exists", destination.exists},
          {"missing", destination.missing},
          {"keepsAddress", destination.keeps_address},
          {"authority", destination.authority},
          {"headers", headersView(destination.headers)},
          {"destinationRule", destination.destination_rule},
          {"destinationRuleFound", destination.destination_rule_found},
          {"policy", clusterPolicyView(destination.policy)},
          {"endpoints", endpointViews(destination)}};
}

Json destinationViews(const Explanation& explanation) {
  Json views = Json::array();
  for (const auto& destination : explanation.destinations)
    views.push_back(destinationView(destination));
  return views;
}

Json mirrorViews(const Explanation& explanation) {
  Json views = Json::array();
  for (const auto& mirror : explanation.mirrors) {
    auto view = destinationView(mirror.destination);
    view["percent"] = mirror.percentage.millionths / 10'000.0;
    view["from"] = mirror.from;
    views.push_back(std::move(view));
  }
  return views;
}

/// With the place that it was written in.
Json withPlace(Json view, const Explanation& explanation, const char* field) {
  const auto place = explanation.places.find(field);
  if (place != explanation.places.end()) view["from"] = place->second;
  return view;
}

/// The rule's policies and, where all goes to one destination, that one's, too.
Json policyView(const Explanation& explanation) {
  Json policy = Json::object();
  if (explanation.destinations.size() == 1)
    policy = clusterPolicyView(explanation.destinations.front().policy);
  if (explanation.timeout) policy["timeout"] = source::durationText(*explanation.timeout);
  if (const auto place = explanation.places.find("timeout"); place != explanation.places.end())
    policy["timeoutFrom"] = place->second;
  if (explanation.retries) {
    policy["retries"] = retryView(explanation.retries->value);
    policy["retries"]["from"] = explanation.retries->from;
  }
  if (explanation.fault)
    policy["fault"] = withPlace(faultView(*explanation.fault), explanation, "fault");
  if (!explanation.mirrors.empty()) policy["mirror"] = mirrorViews(explanation);
  if (explanation.cors)
    policy["cors"] = withPlace(corsView(*explanation.cors), explanation, "corsPolicy");
  if (!explanation.headers.empty())
    policy["headers"] = withPlace(headersView(explanation.headers), explanation, "headers");
  return policy;
}

Json rewriteView(const Explanation& explanation) {
  if (!explanation.rewritten_path && !explanation.rewritten_authority) return nullptr;
  Json view = Json::object();
  if (explanation.rewritten_path) view["path"] = *explanation.rewritten_path;
  if (explanation.rewritten_authority) view["authority"] = *explanation.rewritten_authority;
  return view;
}

Json skippedViews(const Explanation& explanation) {
  Json views = Json::array();
  for (const auto& skipped : explanation.skipped)
    views.push_back({{"rule", skipped.index},
                     {"list", skipped.list},
                     {"name", skipped.name},
                     {"delegate", skipped.delegate},
                     {"why", skipped.why}});
  return views;
}

Json loserViews(const Explanation& explanation) {
  Json views = Json::array();
  for (const auto& [service, why] : explanation.losers)
    views.push_back({{"virtualService", service}, {"why", why}});
  return views;
}

Json responseHeaderViews(const Explanation& explanation) {
  Json view = Json::object();
  for (const auto& [name, value] : explanation.response_headers) view[name] = value;
  return view;
}

Error wrongCall(const char* field) {
  return {Error::Code::kInvalid, std::string("the call to explain has a wrong ") + field,
          "compare sluicectl version"};
}

bool readText(const Json& json, const char* field, std::string& text) {
  const auto found = json.find(field);
  if (found == json.end() || !found->is_string()) return false;
  text = found->get<std::string>();
  return true;
}

/// An absent port is null.
bool readPort(const Json& json, std::optional<uint16_t>& port) {
  const auto found = json.find("port");
  if (found == json.end()) return false;
  if (found->is_null()) return true;
  if (!found->is_number_unsigned() || found->get<uint64_t>() > 65535) return false;
  port = found->get<uint16_t>();
  return true;
}

bool readHeaders(const Json& json, routing::ExplainRequest& call) {
  const auto found = json.find("headers");
  if (found == json.end() || !found->is_array()) return false;
  for (const auto& header : *found) {
    const bool pair =
        header.is_array() && header.size() == 2 && header[0].is_string() && header[1].is_string();
    if (!pair) return false;
    call.headers.emplace_back(header[0].get<std::string>(), header[1].get<std::string>());
  }
  return true;
}

bool readProtocol(const Json& json, routing::CallProtocol& protocol) {
  std::string name;
  if (!readText(json, "protocol", name)) return false;
  const auto known = routing::callProtocolNamed(name);
  if (known) protocol = *known;
  return known.has_value();
}

}  // namespace

Json explanationView(const Explanation& explanation) {
  return {{"apiVersion", kApiVersion},
          {"kind", "Explanation"},
          {"action", routing::actionName(explanation.action)},
          {"status", explanation.status},
          {"flag", explanation.flag},
          {"to", explanation.to},
          {"service", serviceView(explanation.service)},
          {"rule", ruleView(explanation)},
          {"losers", loserViews(explanation)},
          {"destinations", destinationViews(explanation)},
          {"policy", policyView(explanation)},
          {"rewrite", rewriteView(explanation)},
          {"upstreamPath", explanation.upstream_path},
          {"location", explanation.location},
          {"body", explanation.body ? Json(*explanation.body) : Json(nullptr)},
          {"grpcStatus", explanation.grpc_status ? Json(*explanation.grpc_status) : Json(nullptr)},
          {"responseHeaders", responseHeaderViews(explanation)},
          {"path", routing::pathName(explanation.path)},
          {"reasons", reasonViews(explanation.reasons)},
          {"skipped", skippedViews(explanation)},
          {"warnings", explanation.warnings}};
}

Json callView(const routing::ExplainRequest& call) {
  Json headers = Json::array();
  for (const auto& [name, value] : call.headers) headers.push_back(Json::array({name, value}));
  return {{"from", call.from},
          {"host", call.host},
          {"port", call.port ? Json(*call.port) : Json(nullptr)},
          {"method", call.method},
          {"path", call.path},
          {"authority", call.authority},
          {"headers", std::move(headers)},
          {"protocol", routing::callProtocolName(call.protocol)},
          {"sni", call.sni}};
}

Result<routing::ExplainRequest> readCall(const Json& json) {
  routing::ExplainRequest call;
  if (!readText(json, "from", call.from)) return wrongCall("from");
  if (!readText(json, "host", call.host)) return wrongCall("host");
  if (!readPort(json, call.port)) return wrongCall("port");
  if (!readText(json, "method", call.method)) return wrongCall("method");
  if (!readText(json, "path", call.path)) return wrongCall("path");
  if (!readText(json, "authority", call.authority)) return wrongCall("authority");
  if (!readText(json, "sni", call.sni)) return wrongCall("sni");
  if (!readProtocol(json, call.protocol)) return wrongCall("protocol");
  if (!readHeaders(json, call)) return wrongCall("list of headers");
  return call;
}

}  // namespace sluice::observe
