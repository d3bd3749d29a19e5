// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// What a CORS policy makes of one request.
struct CorsVerdict {
  bool answered = false;  ///< a preflight: 200 and `headers` at once, nothing is forwarded
  std::vector<std::pair<std::string, std::string>> headers;  ///< of the response
};

/// `origin` and `request_method` (Access-Control-Request-Method) are empty when the request lacks
/// them. Envoy's CORS filter: an origin that does not match is forwarded and nothing is added,
/// except that preflights may be answered all the same (unmatchedPreflights: IGNORE), without an
/// allowed origin. kInvalid when a regular expression does not compile.
Result<CorsVerdict> applyCors(const CorsPolicy& policy, std::string_view method,
                              std::string_view origin, std::string_view request_method);

}  // namespace sluice::routing
