// SPDX-License-Identifier: Apache-2.0
// Redirect, rewrite, direct response and mirrors; faults, retries and CORS are in
// validate_http_policies.cpp.
#include "userspace/source/validate_http_actions.h"

#include <algorithm>
#include <array>

#include "userspace/source/validate_common.h"
#include "userspace/source/validate_destination.h"

namespace sluice::source {
namespace {

constexpr size_t kLargeBody = size_t{100} << 10;
constexpr size_t kLargestBody = size_t{1} << 20;

bool isPrefixOrAbsent(const HttpMatchRequest& match) {
  return !match.uri || match.uri->kind == StringMatch::Kind::kPrefix ||
         match.uri->kind == StringMatch::Kind::kPresent;
}

/// Istio: "redirect prefix_rewrite requires all URI matches to use prefix match type".
void checkPrefixRewrite(const HttpRedirect& redirect, const std::vector<HttpMatchRequest>& matches,
                        const FieldPath& path, Findings& findings) {
  if (redirect.prefix_rewrite.value_or("").empty()) return;
  if (!redirect.uri.empty()) {
    findings.invalid(path, "uri and prefixRewrite exclude each other", "remove one of them");
  }
  if (!std::ranges::all_of(matches, isPrefixOrAbsent)) {
    findings.invalid(path / "prefixRewrite", "needs prefixes in every uri condition of the rule",
                     "write uri: {prefix: …}, or redirect with uri");
  }
}

/// Istio: "redirect must specify URI, authority, scheme, or port".
void checkRedirectsSomewhere(const HttpRedirect& redirect, const FieldPath& path,
                             Findings& findings) {
  const bool somewhere = !redirect.uri.empty() || !redirect.prefix_rewrite.value_or("").empty() ||
                         !redirect.authority.empty() || !redirect.scheme.empty() || redirect.port ||
                         redirect.derive_port;
  if (somewhere) return;
  findings.invalid(path, "would lead to where the request went already",
                   "set uri, prefixRewrite, authority, scheme or port");
}

/// Istio takes 300 to 399, but builds no route of other codes, whereupon Envoy refuses the
/// configuration of the whole port. 0 is the same as absent.
void checkRedirectCode(int code, const FieldPath& path, Findings& findings) {
  static constexpr std::array<int, 6> kCodes = {0, 301, 302, 303, 307, 308};
  if (std::ranges::find(kCodes, code) != kCodes.end()) return;
  findings.invalid(path, "must be 301, 302, 303, 307 or 308",
                   "leave it out for 301, moved permanently");
}

/// Istio: validateURIRegexRewrite.
void checkRegexRewrite(const RegexRewrite& rewrite, const FieldPath& path, Findings& findings) {
  if (rewrite.match.empty() || rewrite.rewrite.empty()) {
    return findings.invalid(path, "needs both match and rewrite");
  }
  checkRegex(rewrite.match, path / "match", findings);
}

/// Istio: "using deprecated setting mirrorPercent".
void checkMirrorPercent(uint32_t percent, const FieldPath& path, Findings& findings) {
  warn(findings, path, "is deprecated", "write mirrorPercentage: {value: …}");
  checkPercent(percent, path, findings);
}

}  // namespace

void checkRedirect(const HttpRedirect& redirect, const std::vector<HttpMatchRequest>& matches,
                   const FieldPath& path, Findings& findings) {
  checkPrefixRewrite(redirect, matches, path, findings);
  checkRedirectsSomewhere(redirect, path, findings);
  checkRedirectCode(redirect.redirect_code, path / "redirectCode", findings);
  if (!redirect.scheme.empty() && redirect.scheme != "http" && redirect.scheme != "https") {
    findings.invalid(path / "scheme", "must be http or https");
  }
  checkPortIfSet(redirect.port, path / "port", findings);
}

void checkRewrite(const HttpRewrite& rewrite, const FieldPath& path, Findings& findings) {
  if (!rewrite.uri.empty() && rewrite.uri_regex_rewrite) {
    findings.invalid(path, "uri and uriRegexRewrite exclude each other", "remove one of them");
  }
  if (rewrite.uri.empty() && !rewrite.uri_regex_rewrite && rewrite.authority.empty()) {
    findings.invalid(path, "changes nothing", "set uri, uriRegexRewrite or authority");
  }
  if (rewrite.uri_regex_rewrite) {
    checkRegexRewrite(*rewrite.uri_regex_rewrite, path / "uriRegexRewrite", findings);
  }
}

void checkDirectResponse(const HttpDirectResponse& response, const FieldPath& path,
                         Findings& findings) {
  checkHttpStatus(response.status, path / "status", findings);
  const size_t size = response.body ? response.body->size() : 0;
  if (size > kLargestBody) {
    findings.invalid(path / "body", "must be at most 1 MiB", "serve it from a service");
  } else if (size > kLargeBody) {
    warn(findings, path / "body", "is larger than 100 KiB, which every client's table holds",
         "serve it from a service");
  }
}

void checkMirrors(const HttpRoute& route, const FieldPath& path, Findings& findings) {
  // Istio looks at delegating rules for less.
  if (route.mirror && !route.mirrors.empty() && !route.delegate) {
    findings.invalid(path, "mirror and mirrors exclude each other", "remove mirror");
  }
  if (route.mirror) checkDestination(*route.mirror, path / "mirror", findings);
  for (size_t i = 0; i < route.mirrors.size(); ++i) {
    const FieldPath at = (path / "mirrors")[i] / "destination";
    if (route.mirrors[i].destination) {
      checkDestination(*route.mirrors[i].destination, at, findings);
    } else {
      findings.invalid(at, "destination is required");
    }
  }
  if (route.mirror_percent) {
    checkMirrorPercent(*route.mirror_percent, path / "mirrorPercent", findings);
  }
}

void checkHttpStatus(int status, const FieldPath& path, Findings& findings) {
  if (status < 200 || status > 600) findings.invalid(path, "must be a status from 200 to 600");
}

}  // namespace sluice::source
