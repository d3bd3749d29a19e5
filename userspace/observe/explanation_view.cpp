// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/explanation_view.h"

#include "userspace/observe/routing_views.h"

namespace sluice::observe {
namespace {

using routing::Explanation;

Json ruleView(const Explanation& explanation) {
  if (explanation.virtual_service.empty()) return nullptr;
  return {{"virtualService", explanation.virtual_service},
          {"index", explanation.rule_index},
          {"name", explanation.rule_name}};
}

Json destinationView(const routing::ExplainedDestination& destination) {
  Json endpoints = Json::array();
  for (const auto& endpoint : destination.endpoints)
    endpoints.push_back({{"address", endpoint.address.text()}, {"pod", endpoint.pod}});
  return {{"host", destination.cluster.host},
          {"subset", destination.cluster.subset},
          {"port", destination.cluster.port},
          {"weight", destination.weight},
          {"share", destination.share},
          {"exists", destination.exists},
          {"destinationRule", destination.destination_rule},
          {"endpoints", std::move(endpoints)}};
}

Json destinationViews(const Explanation& explanation) {
  Json views = Json::array();
  for (const auto& destination : explanation.destinations)
    views.push_back(destinationView(destination));
  return views;
}

Json policyView(const Explanation& explanation) {
  Json policy = Json::object();
  if (explanation.timeout) policy["timeout"] = durationText(*explanation.timeout);
  if (explanation.fault) policy["fault"] = faultView(*explanation.fault);
  return policy;
}

Json skippedViews(const Explanation& explanation) {
  Json views = Json::array();
  for (const auto& [index, name, why] : explanation.skipped)
    views.push_back({{"rule", index}, {"name", name}, {"why", why}});
  return views;
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

}  // namespace

Json explanationView(const Explanation& explanation) {
  return {{"apiVersion", kApiVersion},
          {"kind", "Explanation"},
          {"action", routing::actionName(explanation.action)},
          {"status", explanation.status},
          {"flag", explanation.flag},
          {"rule", ruleView(explanation)},
          {"destinations", destinationViews(explanation)},
          {"policy", policyView(explanation)},
          {"path", routing::pathName(explanation.path)},
          {"reasons", reasonViews(explanation.reasons)},
          {"skipped", skippedViews(explanation)}};
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
          {"headers", std::move(headers)}};
}

Result<routing::ExplainRequest> readCall(const Json& json) {
  routing::ExplainRequest call;
  if (!readText(json, "from", call.from)) return wrongCall("from");
  if (!readText(json, "host", call.host)) return wrongCall("host");
  if (!readPort(json, call.port)) return wrongCall("port");
  if (!readText(json, "method", call.method)) return wrongCall("method");
  if (!readText(json, "path", call.path)) return wrongCall("path");
  if (!readText(json, "authority", call.authority)) return wrongCall("authority");
  if (!readHeaders(json, call)) return wrongCall("list of headers");
  return call;
}

}  // namespace sluice::observe
