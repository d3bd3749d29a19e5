// SPDX-License-Identifier: Apache-2.0
// Which names are legal. Each function returns what is wrong with its argument, in words that fit
// behind "\"x\" ", or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::source {

using Complaint = std::optional<std::string>;

/// Kubernetes: names of namespaces and subsets, "a-1".
Complaint checkDns1123Label(std::string_view name);
/// Kubernetes: names of resources, "a.b-1".
Complaint checkDns1123Subdomain(std::string_view name);

/// Istio: ValidateFQDN. Upper case passes, one dot may end it, the last label is not all digits.
Complaint checkFqdn(std::string_view host);
/// Istio: ValidateWildcardDomain. As above, and the first label may start with `*`.
Complaint checkWildcardDomain(std::string_view host);

/// RFC 9110 §5.6.2: a token. Pseudo headers of requests are taken as well.
Complaint checkHeaderName(std::string_view name);

/// Kubernetes: "app.kubernetes.io/name".
Complaint checkLabelKey(std::string_view key);
Complaint checkLabelValue(std::string_view value);

/// RE2, at most kMaxRegexLength.
Complaint checkRegex(const std::string& regex);

}  // namespace sluice::source
