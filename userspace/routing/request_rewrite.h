// SPDX-License-Identifier: Apache-2.0
// What the actions of a rule make of a request's path and Host.
#pragma once

#include <string>
#include <string_view>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// Path and query as they are sent upstream. `matched`: the match of the rule that held; null when
/// it has none. `target`: path and query, the path normalised.
///
/// Envoy: the matched part of the path is replaced as text, so that "/shop" -> "/" makes "//x" of
/// "/shop/x"; a path that no rule looked at counts as matched by the prefix "/". A regular
/// expression replaces each of its matches in the path, the query stays.
std::string rewrittenTarget(const HttpRewrite& rewrite, const RequestMatch* matched,
                            std::string_view target);

/// The Host header that is sent upstream; empty: the client's own. Istio: the rule's rewrite, then
/// its header operations, then those of the destination.
std::string upstreamAuthority(const Rule& rule, const Headers& of_destination);

/// A request as redirects look at it.
struct RedirectedRequest {
  std::string_view scheme;     ///< x-forwarded-proto, else "http"
  std::string_view authority;  ///< as the client wrote it
  std::string_view target;     ///< path and query, the path normalised
  uint16_t called_port = 0;
};

/// The Location of a redirect. Istio: ApplyRedirect; Envoy: a port of the client's Host is kept
/// unless there is a new one, or the scheme changes and the port was the old scheme's own.
std::string redirectLocation(const HttpRedirect& redirect, const RequestMatch* matched,
                             const RedirectedRequest& request);

}  // namespace sluice::routing
