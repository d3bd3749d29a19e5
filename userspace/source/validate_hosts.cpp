// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_hosts.h"

#include <algorithm>
#include <tuple>

namespace sluice::source {
namespace {

bool isWildcard(std::string_view host) { return host.starts_with('*'); }

/// A host read from its end, where wildcards are the same: `*.foo.com` covers whatever starts
/// with "moc.oof.".
struct Reversed {
  std::string text;
  bool exact = false;  ///< behind a wildcard of the same text
  const std::string* host = nullptr;

  explicit Reversed(const std::string& of)
      : text(of.rbegin(), of.rend() - (isWildcard(of) ? 1 : 0)),
        exact(!isWildcard(of)),
        host(&of) {}
  bool covers(const Reversed& other) const {
    return exact ? text == other.text && other.exact : other.text.starts_with(text);
  }
};

}  // namespace

std::optional<std::pair<std::string, std::string>> findSameHost(
    const std::vector<std::string>& hosts) {
  std::vector<Reversed> sorted(hosts.begin(), hosts.end());
  std::ranges::sort(sorted, [](const Reversed& a, const Reversed& b) {
    return std::tie(a.text, a.exact) < std::tie(b.text, b.exact);
  });
  // Whatever a wildcard covers follows it in this order, so its neighbour tells.
  const auto pair = std::ranges::adjacent_find(
      sorted, [](const Reversed& a, const Reversed& b) { return a.covers(b); });
  if (pair == sorted.end()) return std::nullopt;
  return std::pair(*pair->host, *std::next(pair)->host);
}

HostSet::HostSet(const std::vector<std::string>& hosts) {
  for (const std::string& host : hosts) {
    if (isWildcard(host)) {
      suffixes_.insert(host.substr(1));
    } else {
      exact_.insert(host);
    }
  }
}

bool HostSet::covers(std::string_view host) const {
  const bool wildcard = isWildcard(host);
  if (!wildcard && exact_.contains(std::string(host))) return true;
  if (wildcard) host.remove_prefix(1);
  for (size_t start = 0; start <= host.size(); ++start) {
    if (suffixes_.contains(std::string(host.substr(start)))) return true;
  }
  return false;
}

}  // namespace sluice::source
