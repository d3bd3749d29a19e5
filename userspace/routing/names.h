// SPDX-License-Identifier: Apache-2.0
// Host names of rules and who may see a resource (Istio: host.Name, exportTo).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::routing {

/// The full name that a rule in `rule_namespace` means by `host`: a name without a dot is a
/// service of that namespace, anything else, "*" and addresses is taken as it is (Istio:
/// ResolveShortnameToFQDN). In lower case, without the dot that may end a full name; "catalog."
/// keeps it, because it names nothing.
std::string fullHost(std::string_view host, std::string_view rule_namespace,
                     std::string_view cluster_domain);

/// "product-api.default.svc.cluster.local".
std::string serviceHost(std::string_view name, std::string_view service_namespace,
                        std::string_view cluster_domain);

/// What else a client of `client_namespace` may call `host`, beside its full name: with a dot at
/// the end, and of a service of the cluster S.N, S.N.svc and, in its own namespace, S
/// (Istio: GenerateAltVirtualHosts).
std::vector<std::string> otherSpellings(std::string_view host, std::string_view client_namespace,
                                        std::string_view cluster_domain);

/// "catalog.shop.svc.cluster.local" for "catalog.shop", a spelling that rules take literally;
/// empty for any other host.
std::string meantByNameDotNamespace(std::string_view host, std::string_view cluster_domain);

/// `pattern` is `host`, or a wildcard ("*.foo.com", "*-eu.foo.com", "*") that ends like it.
bool hostMatches(std::string_view pattern, std::string_view host);

/// Whether `a` is to be asked before `b`: no wildcard, then the longer one, then by alphabet.
bool moreSpecific(std::string_view a, std::string_view b);

/// Where a resource of `own_namespace` stands for clients of `client_namespace`, which is empty
/// for a client that no rule distinguishes. In the order in which Istio asks.
enum class Visibility { kPrivate, kExportedToClient, kPublic, kHidden };

/// Istio: "*" beside others is "*"; "~" alone is nobody; the own namespace's name is as good as
/// ".".
Visibility visibilityFor(const std::vector<std::string>& export_to, std::string_view own_namespace,
                         std::string_view client_namespace);

/// What a resource says of its visibility, else what the mesh says for its kind.
const std::vector<std::string>& exportedTo(const std::vector<std::string>& own,
                                           const std::vector<std::string>& mesh_default);

std::string toLower(std::string_view text);

/// Of a Host header or `:authority`; an IPv6 address keeps its brackets.
std::string_view withoutPort(std::string_view authority);

}  // namespace sluice::routing
