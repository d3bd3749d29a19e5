// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/redirect.h"

namespace sluice::proxy {

namespace {

std::string_view defaultPort(std::string_view scheme) { return scheme == "https" ? ":443" : ":80"; }

/// Istio takes a derived port for a written one; either is left out where it is the default of the
/// scheme that the rule names, or of http.
std::string portOf(const HttpRedirect& redirect, uint16_t request_port) {
  uint16_t port = redirect.port.value_or(0);
  if (redirect.derive_port == HttpRedirect::DerivePort::kFromRequestPort) port = request_port;
  const std::string text = port == 0 ? "" : ":" + std::to_string(port);
  return text == defaultPort(redirect.scheme) ? "" : text;
}

/// Where a port begins, ":80" of "[::1]:80"; its size when there is none.
size_t portAt(std::string_view authority) {
  const size_t bracket = authority.find(']');
  const size_t colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
  return colon == authority.npos ? authority.size() : colon;
}

}  // namespace

Result<Redirect> Redirect::of(const routing::Rule& rule, uint16_t port) {
  const HttpRedirect& written = *rule.redirect;
  Redirect redirect;
  redirect.status_ = written.redirect_code;
  redirect.scheme_ = written.scheme;
  redirect.authority_ = written.authority;
  redirect.uri_ = written.uri;
  redirect.port_ = portOf(written, port);
  if (!written.prefix_rewrite) return redirect;
  auto prefix = PathRewrite::ofMatched(rule, *written.prefix_rewrite);
  if (!prefix) return std::move(prefix).error();
  redirect.prefix_ = *std::move(prefix);
  return redirect;
}

/// Envoy: the port that the client wrote stays, unless another one takes its place or it was the
/// default of a scheme that changes.
std::string Redirect::host(const routing::RequestView& request, std::string_view scheme) const {
  if (!authority_.empty()) return authority_;
  const size_t port = portAt(request.authority);
  const bool was_default = request.authority.substr(port) == defaultPort(request.scheme);
  const bool drop = !port_.empty() || (scheme != request.scheme && was_default);
  return std::string(request.authority.substr(0, drop ? port : request.authority.size()));
}

/// Envoy: a query in the rule replaces the request's.
std::string Redirect::path(std::string_view target, const routing::RequestView& request) const {
  if (prefix_) return prefix_->apply(target, request);
  if (uri_.empty()) return std::string(target);
  const size_t query = target.find('?');
  const bool keep_query = query != target.npos && uri_.find('?') == uri_.npos;
  return keep_query ? uri_ + std::string(target.substr(query)) : uri_;
}

std::string Redirect::location(std::string_view target, const routing::RequestView& request) const {
  const std::string_view scheme = scheme_.empty() ? request.scheme : std::string_view(scheme_);
  const auto place = std::string(scheme) + "://" + host(request, scheme) + port_;
  return escapedTarget(place + path(target, request), true);
}

}  // namespace sluice::proxy
