// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/explain_http.h"

#include <algorithm>

#include "userspace/model/grpc_status.h"
#include "userspace/routing/cors.h"
#include "userspace/routing/matcher.h"
#include "userspace/routing/normalize_path.h"
#include "userspace/routing/request_rewrite.h"
#include "userspace/routing/retry_default.h"
#include "userspace/routing/text_match.h"

namespace sluice::routing {
namespace {

constexpr uint32_t kAlways = 1'000'000;

std::string headerOf(const ExplainRequest& request, std::string_view wanted) {
  for (const auto& [name, value] : request.headers)
    if (equalsIgnoringCase(name, wanted)) return value;
  return {};
}

/// A request that owns what the matcher's view borrows.
class OwnedRequest {
 public:
  explicit OwnedRequest(const ExplainRequest& request)
      : request_(request),
        authority_(authorityOf(request)),
        scheme_(headerOf(request, "x-forwarded-proto")) {
    if (scheme_.empty()) scheme_ = "http";
    for (const auto& [name, value] : request.headers) headers_.push_back({name, value});
  }

  RequestView view() const {
    return {request_.method, scheme_, authority_, request_.path, headers_};
  }

  /// Path and query as they go on; a bare "?" stays.
  std::string target() const {
    std::string storage;
    std::string target(normalizePath(request_.path, storage));
    if (const auto query = request_.path.find('?'); query != std::string::npos)
      target += request_.path.substr(query, request_.path.find('#', query) - query);
    return target;
  }

 private:
  const ExplainRequest& request_;
  std::string authority_;
  std::string scheme_;
  std::vector<HeaderView> headers_;
};

/// Which match of a rule holds: each is asked as a rule of its own.
Result<const RequestMatch*> matchedOf(const Rule& rule, const RequestView& view) {
  if (rule.matches.empty()) return nullptr;
  std::vector<Rule> alternatives(rule.matches.size());
  for (size_t i = 0; i < alternatives.size(); ++i) alternatives[i].matches = {rule.matches[i]};
  const auto matcher = Matcher::compile(alternatives);
  if (!matcher) return matcher.error();
  const auto first = (*matcher)->firstMatch(view);
  return first ? &rule.matches[*first] : nullptr;
}

/// Explains what one rule does, in the order in which a proxy does it.
class RuleExplainer {
 public:
  RuleExplainer(const ExplainContext& context, const Rule& rule, const OwnedRequest& request,
                uint16_t called_port, Explanation& explanation)
      : context_(context),
        rule_(rule),
        request_(request),
        called_port_(called_port),
        answer_(explanation) {}

  Result<void> explain() {
    const auto matched = matchedOf(rule_, request_.view());
    if (!matched) return matched.error();
    describeRule();
    if (rule_.redirect) return redirect(*matched), Result<void>();
    if (rule_.direct_response) return respond(), Result<void>();
    describeForwarding(*matched);
    decideByDestinations(context_, answer_);
    if (answer_.action != Action::kRoute && answer_.path == Path::kProxy) answerUnavailable();
    SLUICE_TRY(applyCorsPolicy());
    applyFault();
    return {};
  }

 private:
  void describeRule() {
    answer_.rule_index = rule_.index;
    answer_.rule_name = rule_.name;
    answer_.delegate = rule_.delegate;
    answer_.headers = *rule_.headers;
    if (!answer_.headers.empty()) addPlace("headers");
  }

  /// Whether a delegate's rule has the field of the one that delegates to it.
  bool isInherited(const char* field) const {
    return rule_.inherited && std::ranges::count(rule_.inherited->fields, field) > 0;
  }

  std::string placeOfRule(bool inherited) const {
    const bool of_delegate = !rule_.delegate.empty() && !inherited;
    return "VirtualService/" + (of_delegate ? rule_.delegate : answer_.virtual_service) +
           " spec.http[" + std::to_string(inherited ? rule_.inherited->index : rule_.index) + "]";
  }

  std::string placeOf(const char* field) const {
    return placeOfRule(isInherited(field)) + "." + field;
  }

  void addPlace(const char* field) { answer_.places[field] = placeOf(field); }

  void redirect(const RequestMatch* matched) {
    const auto view = request_.view();
    const auto target = request_.target();
    answer_.action = Action::kRedirect;
    answer_.status = rule_.redirect->redirect_code;
    answer_.location = redirectLocation(*rule_.redirect, matched,
                                        {view.scheme, view.authority, target, called_port_});
  }

  void respond() {
    answer_.action = Action::kDirectResponse;
    answer_.status = rule_.direct_response->status;
    answer_.body = rule_.direct_response->body.value_or("");
  }

  void describeForwarding(const RequestMatch* matched) {
    answer_.destinations = explainDestinations(context_, rule_.destinations);
    answer_.timeout = rule_.timeout;
    answer_.fault = rule_.fault;
    answer_.cors = rule_.cors;
    if (rule_.timeout) addPlace("timeout");
    if (rule_.fault) addPlace("fault");
    if (rule_.cors) addPlace("corsPolicy");
    describeRetries();
    describeMirrors();
    answer_.upstream_path = request_.target();
    if (rule_.rewrite) {
      answer_.upstream_path = rewrittenTarget(*rule_.rewrite, matched, answer_.upstream_path);
      if (!rule_.rewrite->uri.empty() || rule_.rewrite->uri_regex_rewrite)
        answer_.rewritten_path = answer_.upstream_path;
    }
    describeAuthority();
  }

  void describeMirrors() {
    const auto place = placeOfRule(isInherited("mirror") || isInherited("mirrors"));
    for (const auto& mirror : rule_.mirrors)
      answer_.mirrors.push_back(
          {explainDestinations(context_, {mirror.target}).front(), mirror.percentage, place});
  }

  void describeAuthority() {
    auto& all = answer_.destinations;
    if (all.empty()) return;
    for (auto& to : all) to.authority = upstreamAuthority(rule_, to.headers);
    const auto& first = all.front().authority;
    const bool same =
        std::ranges::all_of(all, [&](const auto& to) { return to.authority == first; });
    if (same && !first.empty()) answer_.rewritten_authority = first;
  }

  /// Envoy has a body for what has no endpoint, and none for what does not exist.
  void answerUnavailable() {
    answer_.status = 503;
    if (answer_.action == Action::kNoEndpoints) answer_.body = "no healthy upstream";
  }

  void describeRetries() {
    const auto& mesh = context_.routing.agent.default_http_retry_policy;
    if (rule_.retries)
      answer_.retries = {*rule_.retries, placeOf("retries")};
    else if (mesh)
      answer_.retries = {*mesh, "Agent spec.mesh.defaultHttpRetryPolicy"};
    else if (answer_.path == Path::kProxy)
      answer_.retries = {defaultRetries(), "Istio's default"};
    if (answer_.retries && answer_.retries->value.attempts > 0 &&
        answer_.retries->value.retry_on.empty())
      answer_.retries->value.retry_on = kDefaultRetryOn;
  }

  /// Envoy's fault filter stands before CORS and before the router: an abort hides them both.
  void applyFault() {
    const auto& fault = rule_.fault;
    if (!fault || !fault->abort || fault->abort->percentage.millionths < kAlways) return;
    const bool delayed = fault->delay && fault->delay->percentage.millionths >= kAlways;
    answer_.action = Action::kDirectResponse;
    answer_.flag = delayed ? "DI,FI" : "FI";
    answer_.body = "fault filter abort";
    answer_.response_headers.clear();
    answer_.status = fault->abort->http_status.value_or(200);
    if (fault->abort->http_status) return;
    answer_.grpc_status = grpcStatusNumber(fault->abort->grpc_status);
    answer_.body.reset();
  }

  Result<void> applyCorsPolicy() {
    if (!rule_.cors) return {};
    const auto& request = context_.request;
    const auto cors = Cors::compile(*rule_.cors);
    if (!cors) return cors.error();
    auto verdict = cors->verdict(request.method, headerOf(request, "origin"),
                                 headerOf(request, "access-control-request-method"));
    answer_.response_headers = std::move(verdict.headers);
    if (!verdict.answered) return {};
    answer_.action = Action::kDirectResponse;
    answer_.status = 200;
    answer_.flag.clear();
    answer_.body = "";
    return {};
  }

  const ExplainContext& context_;
  const Rule& rule_;
  const OwnedRequest& request_;
  uint16_t called_port_;
  Explanation& answer_;
};

void addUnmatched(const ServiceRoute& route, const Matcher& matcher, size_t matched,
                  const RequestView& view, Explanation& explanation) {
  for (size_t i = 0; i < route.rules->size(); ++i) {
    const auto& rule = (*route.rules)[i];
    if (i == matched || rule.index < 0) continue;
    const auto why = i > matched ? "behind the rule that matches"
                                 : matcher.firstFailure(i, view) + " does not match";
    explanation.skipped.push_back({rule.index, rule.name, why, rule.delegate});
  }
}

void notFound(Explanation& explanation) {
  explanation.action = Action::kNotFound;
  explanation.status = 404;
  explanation.flag = "NR";
  explanation.warnings.push_back(
      "no rule matches and a VirtualService has no default: add a last rule without match");
}

}  // namespace

std::string authorityOf(const ExplainRequest& request) {
  if (!request.authority.empty()) return request.authority;
  const auto ip = IpAddress::parse(request.host);
  const auto host = ip.ok() && !ip->isV4() ? "[" + request.host + "]" : request.host;
  return request.port ? host + ":" + std::to_string(*request.port) : host;
}

Result<void> explainHttp(const ExplainContext& context, const ServiceRoute& route,
                         uint16_t called_port, Explanation& explanation) {
  if (route.rules->front().index >= 0) explanation.virtual_service = route.virtual_service;
  const auto matcher = Matcher::compile(*route.rules);
  if (!matcher) return matcher.error();
  const OwnedRequest request(context.request);
  const auto view = request.view();
  const auto matched = (*matcher)->firstMatch(view);
  addUnmatched(route, **matcher, matched.value_or(route.rules->size()), view, explanation);
  if (!matched) return notFound(explanation), Result<void>();
  return RuleExplainer(context, (*route.rules)[*matched], request, called_port, explanation)
      .explain();
}

}  // namespace sluice::routing
