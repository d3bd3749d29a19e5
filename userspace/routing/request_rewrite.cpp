// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/request_rewrite.h"

#include <re2/re2.h>

#include <algorithm>

#include "userspace/routing/text_match.h"

namespace sluice::routing {
namespace {

/// How much of a path its rule has matched.
size_t matchedLength(const RequestMatch* matched, std::string_view path) {
  if (!matched || !matched->uri) return std::min<size_t>(1, path.size());
  const auto& uri = *matched->uri;
  return uri.kind == StringMatch::Kind::kPrefix ? std::min(uri.value.size(), path.size())
                                                : path.size();
}

std::string replaceMatched(std::string_view replacement, const RequestMatch* matched,
                           std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  std::string result(replacement);
  result.append(target.substr(matchedLength(matched, path)));
  return result;
}

std::string replaceAll(const RegexRewrite& regex, std::string_view target) {
  const auto query = std::min(target.find('?'), target.size());
  std::string path(target.substr(0, query));
  RE2::GlobalReplace(&path, RE2(regex.match, RE2::Quiet), regex.rewrite);
  return path.append(target.substr(query));
}

std::string authorityIn(const HeaderOperations& operations) {
  for (const auto* values : {&operations.set, &operations.add})
    for (const auto& [name, value] : *values)
      if (equalsIgnoringCase(name, ":authority") || equalsIgnoringCase(name, "host")) return value;
  return {};
}

std::string redirectedPath(const HttpRedirect& redirect, const RequestMatch* matched,
                           std::string_view target) {
  if (redirect.prefix_rewrite) return replaceMatched(*redirect.prefix_rewrite, matched, target);
  if (redirect.uri.empty()) return std::string(target);
  const auto query = std::min(target.find('?'), target.size());
  if (redirect.uri.find('?') != std::string::npos) return redirect.uri;
  return redirect.uri + std::string(target.substr(query));
}

bool isOwnPort(std::string_view scheme, std::string_view port) {
  return (scheme == "http" && port == "80") || (scheme == "https" && port == "443");
}

/// Empty: none is written.
std::string newPort(const HttpRedirect& redirect, uint16_t called_port) {
  using DerivePort = HttpRedirect::DerivePort;
  const bool derived = redirect.derive_port == DerivePort::kFromRequestPort;
  if (!redirect.port && !derived) return {};
  auto port = std::to_string(redirect.port ? *redirect.port : called_port);
  // Istio looks at the scheme of the redirect alone here; a sidecar's own is http.
  const std::string_view scheme =
      redirect.scheme.empty() ? std::string_view("http") : std::string_view(redirect.scheme);
  return isOwnPort(scheme, port) ? std::string() : port;
}

std::string_view keptHost(std::string_view authority, std::string_view old_scheme,
                          std::string_view new_scheme, bool has_new_port) {
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  if (!has_port) return authority;
  const bool was_own =
      new_scheme != old_scheme && isOwnPort(old_scheme, authority.substr(colon + 1));
  return has_new_port || was_own ? authority.substr(0, colon) : authority;
}

}  // namespace

std::string rewrittenTarget(const HttpRewrite& rewrite, const RequestMatch* matched,
                            std::string_view target) {
  if (rewrite.uri_regex_rewrite) return replaceAll(*rewrite.uri_regex_rewrite, target);
  if (rewrite.uri.empty()) return std::string(target);
  return replaceMatched(rewrite.uri, matched, target);
}

std::string upstreamAuthority(const Rule& rule, const Headers& of_destination) {
  if (rule.rewrite && !rule.rewrite->authority.empty()) return rule.rewrite->authority;
  auto own = authorityIn(rule.headers->request);
  return own.empty() ? authorityIn(of_destination.request) : own;
}

std::string redirectLocation(const HttpRedirect& redirect, const RequestMatch* matched,
                             const RedirectedRequest& request) {
  const std::string_view scheme = redirect.scheme.empty() ? request.scheme : redirect.scheme;
  const auto port = newPort(redirect, request.called_port);
  std::string location(scheme);
  location += "://";
  if (!redirect.authority.empty())
    location += redirect.authority;
  else
    location += keptHost(request.authority, request.scheme, scheme, !port.empty());
  if (!port.empty()) location += ":" + port;
  return location + redirectedPath(redirect, matched, request.target);
}

}  // namespace sluice::routing
