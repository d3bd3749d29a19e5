// SPDX-License-Identifier: Apache-2.0
// Header operations: which names may be written, and what their values may hold.
#pragma once

#include <string_view>

#include "userspace/model/resources.h"
#include "userspace/source/findings.h"
#include "userspace/source/names.h"

namespace sluice::source {

/// `headers` of a rule or of a destination.
void checkHeaders(const Headers& headers, const FieldPath& path, Findings& findings);

/// Istio: validateAuthorityRewrite. What upstream sees as Host is set in one place; `path` is the
/// rule's.
void checkAuthoritySetOnce(const HttpRoute& route, const FieldPath& path, Findings& findings);

/// Istio: ValidateHTTPHeaderValue. No control characters, and Envoy's format: `%NAME%` or
/// `%NAME(…)%` stands for a value, `%%` for a percent sign. Whether
/// the value is known is not looked at: `analyze` says it (SLU3003).
Complaint checkHeaderValue(std::string_view value);

}  // namespace sluice::source
