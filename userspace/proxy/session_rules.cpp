// SPDX-License-Identifier: Apache-2.0
// What the rules say about a request, up to its destination.
#include "userspace/proxy/envoy_fields.h"
#include "userspace/proxy/grpc_timeout.h"
#include "userspace/proxy/session.h"
#include "userspace/routing/names.h"
#include "userspace/routing/normalize_path.h"

namespace sluice::proxy {

namespace {

constexpr std::string_view kGrpcType = "application/grpc";

/// "application/grpc", "application/grpc+proto".
bool isGrpcType(std::string_view type) {
  return type.starts_with(kGrpcType) &&
         (type.size() == kGrpcType.size() || type[kGrpcType.size()] == '+');
}

bool isNormal(std::string_view target, std::string& storage) {
  const auto path = routing::normalizePath(target, storage);
  return path.data() == target.data() && path.size() == std::min(target.find('?'), target.size());
}

}  // namespace

/// Goes over the fields once: as the rules see them, and for what answers and habits depend on.
void Session::readFields() {
  const http1::RequestHead& head = context_.request_head;
  const bool habits = context_.config->envoy_habits;
  auto& views = context_.header_views;
  views.clear();
  context_.scheme = "http";
  for (const auto& field : head.fields.headers.all()) {
    views.push_back({field.name, field.value});
    const size_t size = field.name.size();
    if (size == 12 && http1::equalsIgnoringCase(field.name, "content-type"))
      exchange_.grpc = isGrpcType(field.value);
    if (size == 12 && http1::equalsIgnoringCase(field.name, "grpc-timeout"))
      exchange_.grpc_timeout = grpcTimeout(field.value);
    if (!habits || (field.name.front() | 0x20) != 'x') continue;
    exchange_.rewrite_needed |= isEnvoyField(field.name);
    // Envoy: a sidecar's client is trusted to say how it was called itself.
    if (http1::equalsIgnoringCase(field.name, kForwardedProtoField) && field.value == "https")
      context_.scheme = "https";
  }
  if (context_.config->added_headers.any()) addMissing();
  if (habits && head.form == http1::TargetForm::kOrigin)
    exchange_.rewrite_needed |= !isNormal(head.path, context_.text);
}

/// Envoy: rules see the fields that are added for their sake, too.
void Session::addMissing() {
  const auto& added = context_.config->added_headers;
  const auto& fields = context_.request_head.fields.headers;
  exchange_.rewrite_needed = true;
  if (added.request_id && fields.find(kRequestIdField) == nullptr) {
    if (exchange_.request_id.text().empty())
      exchange_.request_id = RequestId::draw(context_.random);
    if (context_.observers.log != nullptr)
      exchange_.logged.request_id = exchange_.request_id.text();
    context_.header_views.push_back({kRequestIdField, exchange_.request_id.text()});
  }
  if (added.forwarded && fields.find(kForwardedProtoField) == nullptr)
    context_.header_views.push_back({kForwardedProtoField, context_.scheme});
}

/// For a request that names no host, as HTTP/1.0 allows: the service or, where none was called, the
/// address. RFC 9110 §7.2: the default port is left out.
std::string Session::nameOfCalled() const {
  const auto& route = *route_->route;
  const auto name =
      route.whole_port && origin_.called ? origin_.called->text() : route.service.text();
  return route.service.port == 80 ? std::string(routing::withoutPort(name)) : name;
}

/// As rules see it and servers get it.
std::string_view Session::authorityOf(const http1::RequestHead& head) const {
  return head.authority.empty() ? exchange_.default_host : head.authority;
}

routing::RequestView Session::requestView() const {
  const http1::RequestHead& head = context_.request_head;
  return {.method = head.method,
          .scheme = context_.scheme,
          .authority = authorityOf(head),
          .target = head.path,
          .headers = context_.header_views};
}

const ProxyRule* Session::matchedRule() const {
  if (exchange_.past_rules) return &route_->plain;
  const auto index = route_->matcher->firstMatch(requestView());
  return index ? &(*route_->rules)[*index] : nullptr;
}

void Session::decide() {
  if (context_.request_head.authority.empty()) exchange_.default_host = nameOfCalled();
  readFields();
  exchange_.rule = matchedRule();
  if (exchange_.rule == nullptr) return reply(kNoRoute);
  if (exchange_.rule->actions && answerByRule()) return;
  // Before the faults: an aborted request, too, belongs to one destination.
  exchange_.cluster = context_.balancer.drawCluster(*exchange_.rule);
  hashRequest();
  exchange_.rewrite_needed |= ruleChangesHead() || shortensGrpcTimeout();
  if (responseNeedsRequest()) rememberAsSeen();
  if (exchange_.faults_drawn) return afterFaults();
  exchange_.faults_drawn = true;
  if (delay()) return;
  if (!abortByFault()) afterFaults();
}

bool Session::ruleChangesHead() const {
  const auto& actions = exchange_.rule->actions;
  if (actions && actions->rewrite) return true;
  const auto* edits = exchange_.cluster == nullptr ? nullptr : exchange_.cluster->edits.get();
  return edits != nullptr && (!edits->request.empty() || !edits->host.empty());
}

/// Redirects and direct responses: faults and destinations have no part in them.
bool Session::answerByRule() {
  const RuleActions& actions = *exchange_.rule->actions;
  if (actions.direct_response == nullptr && !actions.redirect) return false;
  if (responseNeedsRequest()) rememberAsSeen();
  if (const auto* direct = actions.direct_response) {
    const std::string_view body = direct->body ? std::string_view(*direct->body) : "";
    reply({.status = direct->status, .body = body, .details = details::kDirectResponse});
    return true;
  }
  const auto target = normalizedTarget(context_.request_head.path);
  const auto location = actions.redirect->location(target, requestView());
  reply({.status = actions.redirect->status(),
         .location = location,
         .details = details::kDirectResponse});
  return true;
}

const HeaderEdits* Session::responseEdits() const {
  if (exchange_.rule == nullptr) return nullptr;
  if (exchange_.cluster != nullptr)
    return exchange_.cluster->edits ? &exchange_.cluster->edits->response : nullptr;
  return exchange_.rule->actions ? &exchange_.rule->actions->response : nullptr;
}

bool Session::responseNeedsRequest() const {
  const auto* edits = responseEdits();
  return edits != nullptr && edits->needsRequest();
}

bool Session::delay() {
  const auto& fault = exchange_.rule->rule->fault;
  if (!fault || !fault->delay || !context_.balancer.dice(fault->delay->percentage)) return false;
  ++context_.stats.delayed_requests;
  exchange_.flags.add(ResponseFlags::kDelayInjected);
  state_ = State::kDelayed;
  exchange_.delay_timer = context_.reactor.after(fault->delay->fixed_delay, [this] { delayed(); });
  return true;
}

void Session::delayed() {
  exchange_.delay_timer = 0;
  if (!abortByFault()) afterFaults();
  advance();
}

bool Session::abortByFault() {
  const auto& fault = exchange_.rule->rule->fault;
  if (!fault || !fault->abort || !context_.balancer.dice(fault->abort->percentage)) return false;
  ++context_.stats.aborted_requests;
  const int grpc_status = exchange_.rule->actions ? exchange_.rule->actions->abort_grpc_status : -1;
  reply(faultAbort(fault->abort->http_status.value_or(0), grpc_status));
  return true;
}

/// Envoy: CORS stands behind the faults, so that an aborted preflight is aborted, and before what
/// chooses a server, whose failures are marked like answers.
void Session::afterFaults() {
  if (!answerPreflight()) toDestination();
}

bool Session::answerPreflight() {
  exchange_.cors.clear();
  const auto& actions = exchange_.rule->actions;
  if (!actions || !actions->cors) return false;
  const http1::RequestHead& head = requestHead();
  const auto& fields = head.fields.headers;
  auto verdict = actions->cors->verdict(head.method, fields.value("origin"),
                                        fields.value("access-control-request-method"));
  exchange_.cors = std::move(verdict.headers);
  if (!verdict.answered) return false;
  ++context_.stats.preflights;
  reply(kPreflight);
  return true;
}

void Session::toDestination() {
  if (exchange_.cluster == nullptr || !exchange_.cluster->cluster) return reply(kNoCluster);
  exchange_.has_destination = true;
  if (!chooseTransport() || !beginAtCluster()) return;
  exchange_.share = context_.retry_limits.request(retryLimit(), retryKey());
  if (exchange_.requestRead()) armTimeout();
  chooseEndpoint();
}

}  // namespace sluice::proxy
