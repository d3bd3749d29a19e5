// SPDX-License-Identifier: Apache-2.0
// One rule of spec.http: what may stand beside what, and then its parts.
#include "userspace/source/validate_http_route.h"

#include "userspace/source/validate_common.h"
#include "userspace/source/validate_destination.h"
#include "userspace/source/validate_headers.h"
#include "userspace/source/validate_http_actions.h"

namespace sluice::source {
namespace {

/// A rule that hands requests to another VirtualService says nothing else about where they go.
void checkRootConflicts(const HttpRoute& route, const RuleOwner& owner, const FieldPath& path,
                        Findings& findings) {
  if (owner.delegate) {
    return findings.invalid(path / "delegate",
                            "a VirtualService without hosts is a delegate and has none itself",
                            "name the destinations");
  }
  if (!route.route.empty() || route.redirect) {
    findings.invalid(path, "delegate excludes route and redirect", "remove one of them");
  }
}

/// What answers a request itself leaves nothing to do for what changes a forwarded one.
void checkAnswerConflicts(const HttpRoute& route, const char* answer, const FieldPath& path,
                          Findings& findings) {
  const std::string excluded = std::string(" has no effect on a rule with ") + answer;
  if (!route.route.empty()) {
    findings.invalid(path, std::string("route and ") + answer + " exclude each other",
                     "remove one of them");
  }
  if (route.fault) findings.invalid(path / "fault", "a fault" + excluded, "remove it");
  if (route.rewrite) findings.invalid(path / "rewrite", "a rewrite" + excluded, "remove it");
}

/// Istio: validateHTTPRouteConflict.
void checkConflicts(const HttpRoute& route, const RuleOwner& owner, const FieldPath& path,
                    Findings& findings) {
  if (route.delegate) return checkRootConflicts(route, owner, path, findings);
  if (route.redirect && route.direct_response) {
    findings.invalid(path, "redirect and directResponse exclude each other", "remove one of them");
  }
  if (route.redirect) return checkAnswerConflicts(route, "redirect", path, findings);
  if (route.direct_response) return checkAnswerConflicts(route, "directResponse", path, findings);
  if (!route.route.empty()) return;
  findings.invalid(path, "says nothing of what to do with the requests it matches",
                   "add route, redirect, directResponse or delegate");
}

void checkDestinationHeaders(const HttpRoute& route, const FieldPath& path, Findings& findings) {
  for (size_t i = 0; i < route.route.size(); ++i) {
    checkHeaders(*route.route[i].headers, path[i] / "headers", findings);
  }
}

/// How a rule answers or forwards.
void checkActions(const HttpRoute& route, const FieldPath& path, Findings& findings) {
  if (route.redirect) checkRedirect(*route.redirect, route.match, path / "redirect", findings);
  if (route.direct_response) {
    checkDirectResponse(*route.direct_response, path / "directResponse", findings);
  }
  if (route.rewrite) checkRewrite(*route.rewrite, path / "rewrite", findings);
  checkDestinations(route.route, path / "route", findings);
  checkMirrors(route, path, findings);
}

/// What happens to a request on its way.
void checkPolicies(const HttpRoute& route, const FieldPath& path, Findings& findings) {
  checkDuration(route.timeout, path / "timeout", findings);
  if (route.retries) checkRetries(*route.retries, path / "retries", findings);
  if (route.fault) checkFault(*route.fault, path / "fault", findings);
  if (route.cors_policy) checkCors(*route.cors_policy, path / "corsPolicy", findings);
  checkHeaders(*route.headers, path / "headers", findings);
  checkDestinationHeaders(route, path / "route", findings);
  checkAuthoritySetOnce(route, path, findings);
}

}  // namespace

void checkHttpRoute(const HttpRoute& route, const RuleOwner& owner, const FieldPath& path,
                    Findings& findings) {
  checkConflicts(route, owner, path, findings);
  for (size_t i = 0; i < route.match.size(); ++i) {
    checkHttpMatch(route.match[i], owner, (path / "match")[i], findings);
  }
  checkActions(route, path, findings);
  checkPolicies(route, path, findings);
}

}  // namespace sluice::source
