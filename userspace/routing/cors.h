// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/routing/route_table.h"
#include "userspace/routing/text_match.h"

namespace sluice::routing {

/// What a CORS policy makes of one request.
struct CorsVerdict {
  /// Name in lower case and value.
  using Headers = std::vector<std::pair<std::string, std::string>>;

  bool answered = false;  ///< a preflight: 200 and `headers` at once, nothing is forwarded
  Headers headers;        ///< of the response, instead of what it has under these names
};

/// A CORS policy, ready to be asked. Immutable.
///
/// Envoy's CORS filter: an origin that does not match is forwarded and nothing is added, except
/// that preflights may be answered all the same (unmatchedPreflights: IGNORE), without an allowed
/// origin.
class Cors {
 public:
  /// kInvalid when a regular expression does not compile.
  static Result<Cors> compile(const CorsPolicy& policy);

  /// `origin` and `request_method` (Access-Control-Request-Method) are empty when the request lacks
  /// them.
  CorsVerdict verdict(std::string_view method, std::string_view origin,
                      std::string_view request_method) const;

 private:
  bool allows(std::string_view origin) const;

  bool every_origin_ = false;
  bool answers_unmatched_ = false;
  std::vector<TextMatch> origins_;
  CorsVerdict::Headers about_origin_;     ///< with an allowed origin, besides the origin itself
  CorsVerdict::Headers about_preflight_;  ///< when answered
};

}  // namespace sluice::routing
