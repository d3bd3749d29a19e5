// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/hosts.h"

#include <algorithm>

#include "userspace/routing/names.h"

namespace sluice::analysis {
namespace {

constexpr const char* kExportTo = "networking.istio.io/exportTo";

std::vector<std::string> scopesOf(const std::vector<std::string>& export_to,
                                  const std::vector<std::string>& mesh_default,
                                  const std::string& own_namespace) {
  const auto& exported = export_to.empty() ? mesh_default : export_to;
  if (exported.empty()) return {"*"};
  std::vector<std::string> scopes;
  scopes.reserve(exported.size());
  for (const std::string& scope : exported) scopes.push_back(scope == "." ? own_namespace : scope);
  return scopes;
}

std::vector<std::string> splitAtCommas(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::string_view word = text.substr(0, comma);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (!word.empty()) words.emplace_back(word);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return words;
}

std::vector<std::string> exportsOf(const Service& service) {
  const auto annotation = service.metadata.annotations.find(kExportTo);
  if (annotation == service.metadata.annotations.end()) return {};
  return splitAtCommas(annotation->second);
}

std::string backwards(std::string_view text) { return {text.rbegin(), text.rend()}; }

bool sees(const Viewer& viewer, const KnownHost& host) {
  return std::ranges::any_of(host.scopes, [&](const std::string& scope) {
    return scope == "*" || std::ranges::count(viewer.scopes, scope) > 0;
  });
}

KnownHost hostOf(const Service& service, const AgentSettings& settings) {
  const Metadata& metadata = service.metadata;
  KnownHost host;
  host.host = routing::toLower(
      routing::serviceHost(metadata.name, metadata.namespace_, settings.cluster_domain));
  for (const ServicePort& port : service.ports) host.ports.push_back(port.port);
  host.scopes =
      scopesOf(exportsOf(service), settings.default_service_export_to, metadata.namespace_);
  host.service = &service;
  return host;
}

KnownHost hostOf(const ServiceEntry& entry, const std::string& name,
                 const AgentSettings& settings) {
  KnownHost host;
  host.host = routing::fullHost(name, entry.metadata.namespace_, settings.cluster_domain);
  for (const ServiceEntryPort& port : entry.ports) host.ports.push_back(port.number);
  host.scopes =
      scopesOf(entry.export_to, settings.default_service_export_to, entry.metadata.namespace_);
  host.entry = &entry;
  return host;
}

}  // namespace

Viewer::Viewer(const Metadata& rule, const std::vector<std::string>& export_to)
    : scopes(export_to.empty() ? std::vector{rule.namespace_}
                               : scopesOf(export_to, {}, rule.namespace_)) {}

Hosts::Hosts(const std::vector<const Service*>& services,
             const std::vector<const ServiceEntry*>& entries, const AgentSettings& settings) {
  for (const Service* service : services) add(hostOf(*service, settings));
  for (const ServiceEntry* entry : entries) {
    for (const std::string& name : entry->hosts) add(hostOf(*entry, name, settings));
  }
}

void Hosts::add(KnownHost host) {
  const size_t at = hosts_.size();
  if (host.host.starts_with('*')) {
    wildcards_.emplace(host.host.substr(1), at);
  } else {
    exact_.emplace(host.host, at);
  }
  backwards_.emplace(backwards(host.host), at);
  if (host.service) by_name_.try_emplace(host.service->metadata.name, at);
  hosts_.push_back(std::move(host));
}

std::vector<const KnownHost*> Hosts::find(const std::string& host, const Viewer& viewer) const {
  std::vector<const KnownHost*> found;
  const auto collect = [&](const auto& index, const std::string& key) {
    const auto [first, last] = index.equal_range(key);
    for (auto it = first; it != last; ++it) {
      if (sees(viewer, hosts_[it->second])) found.push_back(&hosts_[it->second]);
    }
  };
  collect(exact_, host);
  // The longest wildcard first.
  const size_t begin = host.starts_with('*') ? 1 : 0;
  for (size_t i = begin; i <= host.size() && found.empty(); ++i) {
    collect(wildcards_, host.substr(i));
  }
  return found;
}

bool Hosts::anyMatches(std::string_view pattern, const Viewer& viewer) const {
  const std::string beginning = backwards(pattern.substr(1));
  for (auto it = backwards_.lower_bound(beginning); it != backwards_.end(); ++it) {
    if (!it->first.starts_with(beginning)) return false;
    if (sees(viewer, hosts_[it->second])) return true;
  }
  return false;
}

const KnownHost* Hosts::findAnywhere(const std::string& host) const {
  const auto found = exact_.find(host);
  return found == exact_.end() ? nullptr : &hosts_[found->second];
}

std::string Hosts::serviceNamed(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? "" : hosts_[found->second].host;
}

}  // namespace sluice::analysis
