// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/names.h"

#include <algorithm>

#include "userspace/model/address.h"

namespace sluice::routing {
namespace {

bool isWildcard(std::string_view host) { return host.starts_with('*'); }

bool lists(const std::vector<std::string>& export_to, std::string_view name) {
  return std::find(export_to.begin(), export_to.end(), name) != export_to.end();
}

}  // namespace

std::string toLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string_view withoutPort(std::string_view authority) {
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (colon == std::string_view::npos) return authority;
  return bracket != std::string_view::npos && bracket > colon ? authority
                                                              : authority.substr(0, colon);
}

std::string serviceHost(std::string_view name, std::string_view service_namespace,
                        std::string_view cluster_domain) {
  std::string host(name);
  host.append(".").append(service_namespace).append(".svc.").append(cluster_domain);
  return host;
}

std::string fullHost(std::string_view host, std::string_view rule_namespace,
                     std::string_view cluster_domain) {
  std::string name = toLower(host);
  const bool is_short = name.find('.') == std::string::npos && name.find(':') == std::string::npos;
  if (name.ends_with('.') && name.find('.') + 1 < name.size()) name.pop_back();
  if (!is_short || name.empty() || isWildcard(name)) return name;
  return serviceHost(name, rule_namespace, cluster_domain);
}

std::vector<std::string> otherSpellings(std::string_view host, std::string_view client_namespace,
                                        std::string_view cluster_domain) {
  std::string name(host);
  std::vector<std::string> spellings{name + "."};
  const std::string suffix = ".svc." + std::string(cluster_domain);
  if (!name.ends_with(suffix)) return spellings;
  name.resize(name.size() - suffix.size());
  const auto dot = name.find('.');
  if (dot == std::string::npos) return spellings;
  if (std::string_view(name).substr(dot + 1) == client_namespace)
    spellings.push_back(name.substr(0, dot));
  spellings.push_back(name + ".svc");
  spellings.push_back(std::move(name));
  return spellings;
}

std::string meantByNameDotNamespace(std::string_view host, std::string_view cluster_domain) {
  const auto dot = host.find('.');
  const bool two_labels = dot != std::string_view::npos && dot > 0 && dot + 1 < host.size() &&
                          host.find('.', dot + 1) == std::string_view::npos;
  if (!two_labels || isWildcard(host)) return {};
  return serviceHost(host.substr(0, dot), host.substr(dot + 1), cluster_domain);
}

bool hostMatches(std::string_view pattern, std::string_view host) {
  if (!isWildcard(pattern)) return pattern == host;
  const auto suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

bool moreSpecific(std::string_view a, std::string_view b) {
  if (isWildcard(a) != isWildcard(b)) return isWildcard(b);
  if (a.size() != b.size()) return a.size() > b.size();
  return a < b;
}

Visibility visibilityFor(const std::vector<std::string>& export_to, std::string_view own_namespace,
                         std::string_view client_namespace) {
  if (export_to.empty() || lists(export_to, "*")) return Visibility::kPublic;
  if (client_namespace.empty() || lists(export_to, "~")) return Visibility::kHidden;
  if (own_namespace == client_namespace)
    return lists(export_to, ".") || lists(export_to, own_namespace) ? Visibility::kPrivate
                                                                    : Visibility::kHidden;
  return lists(export_to, client_namespace) ? Visibility::kExportedToClient : Visibility::kHidden;
}

const std::vector<std::string>& exportedTo(const std::vector<std::string>& own,
                                           const std::vector<std::string>& mesh_default) {
  return own.empty() ? mesh_default : own;
}

}  // namespace sluice::routing
