// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <unordered_map>

#include "userspace/routing/hosts_by_ending.h"

namespace sluice::routing {

/// Names of resources by the full hosts, wildcards among them, that they are about.
class NamesByHost {
 public:
  void add(const std::string& host, const std::string& name) {
    auto& names = names_[host];
    if (names.empty()) {
      hosts_.insert(host);
      wildcards_ += isWildcard(host);
    }
    names.insert(name);
  }

  void remove(const std::string& host, const std::string& name) {
    const auto found = names_.find(host);
    if (found == names_.end() || found->second.erase(name) == 0 || !found->second.empty()) return;
    names_.erase(found);
    hosts_.erase(host);
    wildcards_ -= isWildcard(host);
  }

  /// Calls `visit` with each name that is about `host` or a wildcard that covers it; with some
  /// several times.
  template <typename Visit>
  void forEachCovering(const std::string& host, const Visit& visit) const {
    if (!isWildcard(host)) visitOf(host, visit);
    if (wildcards_ == 0) return;
    forEachWildcardAbove(host, [&](const auto& wildcard) { visitOf(wildcard, visit); });
  }

  /// With each that is about a host which `wildcard` covers.
  template <typename Visit>
  void forEachBelow(const std::string& wildcard, const Visit& visit) const {
    hosts_.forEachBelow(wildcard, [&](const auto& host) { visitOf(host, visit); });
  }

 private:
  static bool isWildcard(const std::string& host) { return host.starts_with('*'); }

  template <typename Visit>
  void visitOf(const std::string& host, const Visit& visit) const {
    if (const auto found = names_.find(host); found != names_.end())
      for (const auto& name : found->second) visit(name);
  }

  std::unordered_map<std::string, std::set<std::string>> names_;
  HostsByEnding hosts_;
  size_t wildcards_ = 0;
};

}  // namespace sluice::routing
