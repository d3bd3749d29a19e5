// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/normalise.h"

namespace sluice::source {
namespace {

/// Istio: `uri: {}` and the like are no condition; only headers and parameters can be absent.
void dropEmpty(std::optional<StringMatch>& match) {
  if (match && match->kind == StringMatch::Kind::kPresent) match.reset();
}

void normalise(HttpMatchRequest& match) {
  dropEmpty(match.uri);
  dropEmpty(match.scheme);
  dropEmpty(match.method);
  dropEmpty(match.authority);
  for (auto& [name, header] : match.without_headers) {
    if (header.kind == StringMatch::Kind::kRegex && header.value == "*") {
      header = {StringMatch::Kind::kPresent, ""};
    }
  }
}

/// Istio: an abort without an error is legal and aborts nothing.
void normalise(HttpFaultInjection& fault) {
  if (!fault.abort) return;
  const bool has_error = fault.abort->http_status || !fault.abort->grpc_status.empty();
  if (!has_error) fault.abort.reset();
}

}  // namespace

void normalise(VirtualService& resource) {
  for (HttpRoute& route : resource.http) {
    for (HttpMatchRequest& match : route.match) normalise(match);
    if (!route.fault) continue;
    normalise(*route.fault);
    if (*route.fault == HttpFaultInjection{}) route.fault.reset();
  }
}

void normalise(Node& resource) { resource.metadata.namespace_.clear(); }

void normalise(Namespace& resource) { resource.metadata.namespace_.clear(); }

}  // namespace sluice::source
