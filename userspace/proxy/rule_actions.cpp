// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/rule_actions.h"

#include <algorithm>

#include "userspace/model/grpc_status.h"

namespace sluice::proxy {

namespace {

/// The host that a rule or, where it has none, a destination gives.
std::string hostFor(const routing::Rule& rule, const Headers& destination) {
  if (rule.rewrite && !rule.rewrite->authority.empty()) return rule.rewrite->authority;
  const auto own = HeaderEdits::hostOf(rule.headers->request);
  return own.empty() ? HeaderEdits::hostOf(destination.request) : own;
}

HeaderEdits joined(const routing::Rule& rule, const HeaderOperations& of_rule,
                   const HeaderOperations& of_destination) {
  HeaderEdits edits;
  if (rule.destinations.size() == 1 && !rule.several) {
    edits.appendJoined(of_rule, of_destination);
  } else {
    edits.append(of_destination);
    edits.append(of_rule);
  }
  return edits;
}

Result<std::optional<PathRewrite>> rewriteOf(const routing::Rule& rule) {
  if (!rule.rewrite) return std::optional<PathRewrite>();
  const auto& written = *rule.rewrite;
  if (written.uri.empty() && !written.uri_regex_rewrite) return std::optional<PathRewrite>();
  auto made = written.uri_regex_rewrite ? PathRewrite::ofRegex(*written.uri_regex_rewrite)
                                        : PathRewrite::ofMatched(rule, written.uri);
  if (!made) return std::move(made).error();
  return std::optional(*std::move(made));
}

}  // namespace

std::shared_ptr<const DestinationEdits> DestinationEdits::of(const routing::Rule& rule,
                                                             const Headers& destination) {
  DestinationEdits edits{joined(rule, rule.headers->request, destination.request),
                         joined(rule, rule.headers->response, destination.response),
                         hostFor(rule, destination)};
  if (edits.request.empty() && edits.response.empty() && edits.host.empty()) return nullptr;
  return std::make_shared<const DestinationEdits>(std::move(edits));
}

Result<std::shared_ptr<const RuleActions>> RuleActions::of(const routing::Rule& rule,
                                                           uint16_t port) {
  RuleActions actions;
  if (rule.redirect) {
    auto redirect = Redirect::of(rule, port);
    if (!redirect) return std::move(redirect).error();
    actions.redirect = *std::move(redirect);
  }
  if (rule.direct_response) actions.direct_response = &*rule.direct_response;
  auto rewrite = rewriteOf(rule);
  if (!rewrite) return std::move(rewrite).error();
  actions.rewrite = *std::move(rewrite);
  if (rule.cors) {
    auto cors = routing::Cors::compile(*rule.cors);
    if (!cors) return std::move(cors).error();
    actions.cors = *std::move(cors);
  }
  if (rule.fault && rule.fault->abort)
    actions.abort_grpc_status = grpcStatusNumber(rule.fault->abort->grpc_status).value_or(-1);
  actions.response.append(rule.headers->response);
  const bool nothing = !actions.redirect && actions.direct_response == nullptr &&
                       !actions.rewrite && !actions.cors && actions.abort_grpc_status < 0;
  if (nothing) return std::shared_ptr<const RuleActions>();
  return std::shared_ptr<const RuleActions>(std::make_shared<RuleActions>(std::move(actions)));
}

}  // namespace sluice::proxy
