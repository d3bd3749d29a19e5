// SPDX-License-Identifier: Apache-2.0
// Lists of hosts that stand for each other, `*.foo.com` for `a.foo.com`. Both questions are
// answered in about one pass: a file may list a hundred thousand hosts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice::source {

/// Two hosts of the list of which one is the other or covers it (Istio: host.Name.Matches).
std::optional<std::pair<std::string, std::string>> findSameHost(
    const std::vector<std::string>& hosts);

/// Answers whether one of many hosts is a given host or covers it.
class HostSet {
 public:
  explicit HostSet(const std::vector<std::string>& hosts);

  /// Istio: host.Name.SubsetOf. `*.foo.com` is covered by `*.foo.com` and `*.com`.
  bool covers(std::string_view host) const;

 private:
  std::unordered_set<std::string> exact_;
  std::unordered_set<std::string> suffixes_;  ///< of wildcards, without `*`
};

}  // namespace sluice::source
