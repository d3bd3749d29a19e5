// SPDX-License-Identifier: Apache-2.0
// Which names are legal. Each function returns what is wrong with its argument, in words that fit
// behind "\"x\" ", or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::source {

using Complaint = std::optional<std::string>;

/// Kubernetes: names of namespaces, "a-1".
Complaint checkDns1123Label(std::string_view name);
/// Kubernetes: names of resources, "a.b-1".
Complaint checkDns1123Subdomain(std::string_view name);

/// Istio: labels.IsDNS1123Label, of subsets, gateways, ports and namespaces in rules. Unlike
/// Kubernetes it lets upper case pass.
Complaint checkLabelName(std::string_view name);

/// Istio: ValidateFQDN. Upper case passes, one dot may end it, the last label is not all digits.
Complaint checkFqdn(std::string_view host);
/// Istio: ValidateWildcardDomain. As above, and the first label may start with `*`; a name of one
/// label may be all digits.
Complaint checkWildcardDomain(std::string_view host);
/// Istio: ValidateWildcardDomainForVirtualServiceBoundToGateway. Also takes the names that
/// gateways between networks use, "outbound_.80_._.catalog.shop.svc.cluster.local".
Complaint checkGatewayDomain(std::string_view host);

/// An IPv4 or IPv6 address.
Complaint checkAddress(std::string_view text);
/// Istio: ValidateIPSubnet. An address, or one with the length of a prefix, "10.0.0.0/8".
Complaint checkSubnet(std::string_view text);

/// RFC 9110 §5.6.2: a token.
Complaint checkHeaderName(std::string_view name);
/// Istio: ValidateHTTPHeaderNameOrJwtClaimRoute. What a match may name: also a pseudo header of
/// RFC 9113 §8.3, or a claim.
Complaint checkMatchedHeaderName(std::string_view name);
/// Istio: jwt.ToRoutingClaim. "@request.auth.claims.sub", "@request.auth.claims[realm][role]".
bool isJwtClaim(std::string_view header_name);

/// Kubernetes: "app.kubernetes.io/name".
Complaint checkLabelKey(std::string_view key);
/// Istio: as Kubernetes', but of any length.
Complaint checkLabelValue(std::string_view value);

/// ASCII, whatever the locale.
bool equalIgnoringCase(std::string_view a, std::string_view b);

}  // namespace sluice::source
