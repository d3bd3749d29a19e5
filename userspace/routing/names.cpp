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
  if (name.ends_with('.')) name.pop_back();
  if (!is_short || name.empty() || isWildcard(name)) return name;
  return serviceHost(name, rule_namespace, cluster_domain);
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
  if (client_namespace.empty()) return Visibility::kHidden;
  if (lists(export_to, ".") && own_namespace == client_namespace) return Visibility::kPrivate;
  return lists(export_to, client_namespace) ? Visibility::kExportedToClient : Visibility::kHidden;
}

}  // namespace sluice::routing
