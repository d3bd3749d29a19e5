// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_common.h"
#include "userspace/source/validate_gateways.h"
#include "userspace/source/validate_http_route.h"

namespace sluice::source {
namespace {

enum class EmptyPrefix { kAllowed, kRefused };

/// Istio: validateStringMatch, validateStringRegexp. Envoy takes an empty prefix of a path only.
void checkPattern(const StringMatch& match, EmptyPrefix empty_prefix, const FieldPath& path,
                  Findings& findings) {
  const bool empty = match.value.empty();
  if (match.kind == StringMatch::Kind::kPrefix && empty && empty_prefix == EmptyPrefix::kRefused) {
    findings.invalid(path, "the prefix is empty", "write {} for \"is present\"");
  }
  if (match.kind == StringMatch::Kind::kRegex) {
    checkRegex(match.value, path, findings);
  }
}

void checkPattern(const std::optional<StringMatch>& match, EmptyPrefix empty_prefix,
                  const FieldPath& path, Findings& findings) {
  if (match) checkPattern(*match, empty_prefix, path, findings);
}

/// Istio: "JWT claim based routing is only supported for gateway".
void checkName(const std::string& name, const RuleOwner& owner, const FieldPath& path,
               Findings& findings) {
  if (owner.mesh && isJwtClaim(name)) {
    return findings.invalid(path, "JWT claims can be matched on gateways only",
                            "match a header that carries the claim");
  }
  reportInvalid(findings, path, name, checkMatchedHeaderName(name), hint::kHeaderName);
}

/// Istio: `regex: "*"` stands for presence in withoutHeaders, and is an error elsewhere.
bool isStar(const StringMatch& match) {
  return match.kind == StringMatch::Kind::kRegex && match.value == "*";
}

enum class Star { kIsPresence, kIsRegex };

/// `path`'s entries are written in the file's letter case, the map's keys are in lower case;
/// positions of entries that differ fall back to the map's.
void checkHeaders(const std::map<std::string, StringMatch>& headers, Star star,
                  const RuleOwner& owner, const FieldPath& path, Findings& findings) {
  for (const auto& [name, match] : headers) {
    const FieldPath at = path.entry(name);
    checkName(name, owner, at, findings);
    if (star == Star::kIsPresence && isStar(match)) continue;
    checkPattern(match, EmptyPrefix::kRefused, at, findings);
  }
}

void checkQueryParams(const std::map<std::string, StringMatch>& params, const FieldPath& path,
                      Findings& findings) {
  for (const auto& [name, match] : params) {
    checkPattern(match, EmptyPrefix::kRefused, path.entry(name), findings);
  }
}

/// Conditions on the client, and on where the request was caught.
void checkSource(const HttpMatchRequest& match, const FieldPath& path, Findings& findings) {
  checkPortIfSet(match.port, path / "port", findings);
  checkLabels(match.source_labels, path / "sourceLabels", findings);
  checkGateways(match.gateways, path / "gateways", findings);
  if (!match.source_namespace.empty()) {
    reportInvalid(findings, path / "sourceNamespace", match.source_namespace,
                  checkLabelName(match.source_namespace), "write a namespace's name");
  }
}

}  // namespace

void checkHttpMatch(const HttpMatchRequest& match, const RuleOwner& owner, const FieldPath& path,
                    Findings& findings) {
  checkPattern(match.uri, EmptyPrefix::kAllowed, path / "uri", findings);
  checkPattern(match.scheme, EmptyPrefix::kRefused, path / "scheme", findings);
  checkPattern(match.method, EmptyPrefix::kRefused, path / "method", findings);
  checkPattern(match.authority, EmptyPrefix::kRefused, path / "authority", findings);
  checkHeaders(match.headers, Star::kIsRegex, owner, path / "headers", findings);
  checkHeaders(match.without_headers, Star::kIsPresence, owner, path / "withoutHeaders", findings);
  checkQueryParams(match.query_params, path / "queryParams", findings);
  checkSource(match, path, findings);
}

}  // namespace sluice::source
