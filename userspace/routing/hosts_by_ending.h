// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace sluice::routing {

/// Hosts, wildcards among them, in an order in which those that a wildcard covers stand together:
/// who asks for them pays for those that there are, not for all.
class HostsByEnding {
 public:
  void insert(std::string_view host) { backwards_.insert(backwards(host)); }
  void erase(std::string_view host) { backwards_.erase(backwards(host)); }

  /// Calls `test` with each host that `wildcard` covers (hostMatches) until it answers true;
  /// answers whether it did. A wildcard covers itself.
  template <typename Test>
  bool anyBelow(std::string_view wildcard, const Test& test) const {
    const auto beginning = backwards(wildcard.substr(1));
    for (auto at = backwards_.lower_bound(beginning);
         at != backwards_.end() && at->starts_with(beginning); ++at)
      if (at->size() > beginning.size() && test(backwards(*at))) return true;
    return false;
  }

  template <typename Visit>
  void forEachBelow(std::string_view wildcard, const Visit& visit) const {
    anyBelow(wildcard, [&](const std::string& host) {
      visit(host);
      return false;
    });
  }

 private:
  static std::string backwards(std::string_view text) { return {text.rbegin(), text.rend()}; }

  std::set<std::string> backwards_;
};

/// Calls `visit` with each wildcard that covers `host`, the longest first; with `host` itself where
/// it is one. The star stands for at least one character.
template <typename Visit>
void forEachWildcardAbove(std::string_view host, const Visit& visit) {
  std::string wildcard(host);
  while (!wildcard.empty()) {
    wildcard.front() = '*';
    visit(wildcard);
    wildcard.erase(0, 1);
  }
}

}  // namespace sluice::routing
