// SPDX-License-Identifier: Apache-2.0
// What a rule does with a request besides sending it on.
#pragma once

#include <vector>

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"

namespace sluice::source {

/// Istio: validateHTTPRedirect; `matches` are the rule's.
void checkRedirect(const HttpRedirect& redirect, const std::vector<HttpMatchRequest>& matches,
                   const FieldPath& path, Findings& findings);

/// Istio: validateHTTPRewrite.
void checkRewrite(const HttpRewrite& rewrite, const FieldPath& path, Findings& findings);

/// Istio: validateHTTPDirectResponse.
void checkDirectResponse(const HttpDirectResponse& response, const FieldPath& path,
                         Findings& findings);

/// Istio: validateHTTPRoute, validateHTTPMirrors; `path` is the rule's.
void checkMirrors(const HttpRoute& route, const FieldPath& path, Findings& findings);

/// Istio: validateHTTPFaultInjection.
void checkFault(const HttpFaultInjection& fault, const FieldPath& path, Findings& findings);

/// Istio: validateHTTPRetry.
void checkRetries(const HttpRetry& retries, const FieldPath& path, Findings& findings);

/// Istio: validateCORSPolicy.
void checkCors(const CorsPolicy& cors, const FieldPath& path, Findings& findings);

/// Istio: validateHTTPStatus; 600 is accepted there too.
void checkHttpStatus(int status, const FieldPath& path, Findings& findings);

}  // namespace sluice::source
