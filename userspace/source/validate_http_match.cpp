// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "userspace/source/codes.h"
#include "userspace/source/validate_common.h"
#include "userspace/source/validate_http_route.h"

namespace sluice::source {
namespace {

enum class EmptyPrefix { kAllowed, kRefused };

/// Istio: validateStringMatch, validateStringRegexp.
void checkPattern(const StringMatch& match, EmptyPrefix empty_prefix, const FieldPath& path,
                  Findings& findings) {
  const bool empty = match.value.empty();
  if (match.kind == StringMatch::Kind::kPrefix && empty && empty_prefix == EmptyPrefix::kRefused) {
    findings.invalid(path, "the prefix is empty", "write {} for \"is present\"");
  }
  if (match.kind == StringMatch::Kind::kRegex) {
    report(findings, code::kIstioInvalid, path, match.value, checkRegex(match.value));
  }
}

void checkPattern(const std::optional<StringMatch>& match, EmptyPrefix empty_prefix,
                  const FieldPath& path, Findings& findings) {
  if (match) checkPattern(*match, empty_prefix, path, findings);
}

/// Istio: JWT claims are matched on gateways only.
void checkName(const std::string& name, const FieldPath& path, Findings& findings) {
  if (name.starts_with("@request.auth.claims")) {
    return findings.invalid(path, "JWT claims can be matched on gateways only");
  }
  report(findings, code::kIstioInvalid, path, name, checkHeaderName(name));
}

/// Istio: `regex: "*"` stands for presence in withoutHeaders, and is an error elsewhere.
bool isStar(const StringMatch& match) {
  return match.kind == StringMatch::Kind::kRegex && match.value == "*";
}

/// `path`'s entries are written in the file's letter case, the map's keys are in lower case;
/// positions of entries that differ fall back to the map's.
void checkHeaders(const std::map<std::string, StringMatch>& headers, bool star_is_presence,
                  const FieldPath& path, Findings& findings) {
  for (const auto& [name, match] : headers) {
    const FieldPath at = path.entry(name);
    checkName(name, at, findings);
    if (star_is_presence && isStar(match)) continue;
    checkPattern(match, EmptyPrefix::kRefused, at, findings);
  }
}

/// Istio: parts of "namespace/name" are DNS labels; the old dotted form is deprecated.
void checkGateway(const std::string& gateway, const FieldPath& path, Findings& findings) {
  const auto slash = gateway.find('/');
  if (slash != std::string::npos) {
    const std::string_view name = gateway;
    for (const auto part : {name.substr(0, slash), name.substr(slash + 1)}) {
      if (!checkDns1123Label(part)) continue;
      return findings.invalid(path, fmt::format("\"{}\" is no <namespace>/<name>", gateway));
    }
    return;
  }
  if (const auto complaint = checkFqdn(gateway)) {
    return report(findings, code::kIstioInvalid, path, gateway, complaint);
  }
  if (gateway.find('.') != std::string::npos) {
    findings.warning(code::kIstioWarning, path, "is the old way to name a gateway",
                     "write <namespace>/<name>");
  }
}

}  // namespace

void checkHttpMatch(const HttpMatchRequest& match, const FieldPath& path, Findings& findings) {
  checkPattern(match.uri, EmptyPrefix::kAllowed, path / "uri", findings);
  checkPattern(match.scheme, EmptyPrefix::kRefused, path / "scheme", findings);
  checkPattern(match.method, EmptyPrefix::kRefused, path / "method", findings);
  checkPattern(match.authority, EmptyPrefix::kRefused, path / "authority", findings);
  checkHeaders(match.headers, false, path / "headers", findings);
  checkHeaders(match.without_headers, true, path / "withoutHeaders", findings);
  for (const auto& [name, pattern] : match.query_params) {
    checkPattern(pattern, EmptyPrefix::kRefused, (path / "queryParams").entry(name), findings);
  }
  checkLabels(match.source_labels, path / "sourceLabels", findings);
  if (!match.source_namespace.empty()) {
    report(findings, code::kIstioInvalid, path / "sourceNamespace", match.source_namespace,
           checkDns1123Label(match.source_namespace));
  }
  checkGateways(match.gateways, path / "gateways", findings);
}

void checkGateways(const std::vector<std::string>& gateways, const FieldPath& path,
                   Findings& findings) {
  for (size_t i = 0; i < gateways.size(); ++i) {
    if (gateways[i] != "mesh") checkGateway(gateways[i], path[i], findings);
  }
}

}  // namespace sluice::source
