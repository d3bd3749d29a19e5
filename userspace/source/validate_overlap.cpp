// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_overlap.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "userspace/source/codes.h"

namespace sluice::source {
namespace {

using Matches = std::map<std::string, StringMatch>;

constexpr size_t kMostComparisons = 1'000'000;

bool isText(const StringMatch& match) {
  return !match.value.empty() &&
         (match.kind == StringMatch::Kind::kExact || match.kind == StringMatch::Kind::kPrefix);
}

/// Istio compares exact texts and prefixes, as text; what is neither counts as no condition.
bool coversText(const StringMatch& earlier, const StringMatch& later) {
  if (!isText(later)) return true;
  return isText(earlier) && earlier.kind == later.kind && earlier.value.starts_with(later.value);
}

bool coversText(const std::optional<StringMatch>& earlier, const std::optional<StringMatch>& later,
                const StringMatch& absent) {
  const auto or_absent = [&](const std::optional<StringMatch>& match) {
    return match && isText(*match) ? *match : absent;
  };
  return coversText(or_absent(earlier), or_absent(later));
}

/// The same names, each value covered.
bool coversAll(const Matches& earlier, const Matches& later) {
  return std::ranges::equal(earlier, later, [](const auto& a, const auto& b) {
    return a.first == b.first && coversText(a.second, b.second);
  });
}

/// Whether `earlier` takes what `later` asks for, given that its uri prefix does.
bool coversConditions(const HttpMatchRequest& earlier, const HttpMatchRequest& later) {
  static const StringMatch kAnything;
  // Istio: "if no method information, it should be GET by default".
  static const StringMatch kGet{StringMatch::Kind::kExact, "GET"};
  return earlier.port == later.port && coversText(earlier.method, later.method, kGet) &&
         coversText(earlier.authority, later.authority, kAnything) &&
         coversAll(earlier.headers, later.headers) &&
         coversAll(earlier.query_params, later.query_params) &&
         coversAll(earlier.without_headers, later.without_headers);
}

size_t costOfComparing(const HttpMatchRequest& match) {
  return 1 + match.headers.size() + match.query_params.size() + match.without_headers.size();
}

/// A match on a uri prefix, and its place in the order of the rules.
struct PrefixMatch {
  size_t order = 0;
  const HttpMatchRequest* match = nullptr;

  std::string_view prefix() const { return match->uri->value; }
};

/// Matches of one prefix, in the order of the rules.
using Level = std::vector<PrefixMatch>;

/// Finds for each prefix the first earlier match that covers it.
///
/// In the order of the alphabet a text follows all of its prefixes, so a stack holds exactly the
/// matches whose prefix the current one extends.
class Coverage {
 public:
  explicit Coverage(std::vector<PrefixMatch> matches) : matches_(std::move(matches)) {
    std::ranges::sort(matches_, [](const PrefixMatch& a, const PrefixMatch& b) {
      return a.prefix() != b.prefix() ? a.prefix() < b.prefix() : a.order < b.order;
    });
  }

  /// By order: the order of the match that covers it. `size` is one more than the largest order.
  std::vector<std::optional<size_t>> find(size_t size) {
    std::vector<std::optional<size_t>> covered_by(size);
    for (const PrefixMatch& match : matches_) {
      enterLevelOf(match);
      covered_by[match.order] = firstThatCovers(match);
      levels_.back().push_back(match);
    }
    return covered_by;
  }

  bool isComplete() const { return comparisons_ <= kMostComparisons; }

 private:
  /// Leaves the levels of prefixes that `match` does not extend.
  void enterLevelOf(const PrefixMatch& match) {
    const auto prefix = [this] { return levels_.back().front().prefix(); };
    while (!levels_.empty() && !match.prefix().starts_with(prefix())) levels_.pop_back();
    if (levels_.empty() || prefix() != match.prefix()) levels_.emplace_back();
  }

  std::optional<size_t> firstThatCovers(const PrefixMatch& later) {
    std::optional<size_t> first;
    for (const Level& shorter : std::span(levels_).first(levels_.size() - 1)) {
      for (const PrefixMatch& earlier : shorter) {
        if (earlier.order > first.value_or(later.order)) break;
        comparisons_ += costOfComparing(*earlier.match);
        if (!isComplete()) return first;
        if (coversConditions(*earlier.match, *later.match)) first = earlier.order;
      }
    }
    return first;
  }

  std::vector<PrefixMatch> matches_;
  std::vector<Level> levels_;  ///< each prefix extends the one before
  size_t comparisons_ = 0;
};

bool hasUriPrefix(const HttpMatchRequest& match) {
  return match.uri && match.uri->kind == StringMatch::Kind::kPrefix && !match.uri->value.empty();
}

}  // namespace

void checkCoveredPrefixes(const std::vector<HttpRoute>& routes,
                          const std::vector<MatchPlace>& matches, const FieldPath& path,
                          Findings& findings) {
  std::vector<PrefixMatch> prefixes;
  for (size_t i = 0; i < matches.size(); ++i) {
    const HttpMatchRequest& match = routes[matches[i].rule].match[matches[i].match];
    if (hasUriPrefix(match)) prefixes.push_back({i, &match});
  }
  const auto path_of = [&](size_t order) {
    return (path[matches[order].rule] / "match")[matches[order].match];
  };
  Coverage coverage(std::move(prefixes));
  const auto covered_by = coverage.find(matches.size());
  for (size_t i = 0; i < covered_by.size(); ++i) {
    if (!covered_by[i]) continue;
    findings.info(code::kIstioIneffectiveMatch, path_of(i),
                  fmt::format("has no effect: the shorter prefix of {} takes its requests",
                              path_of(*covered_by[i]).shown()),
                  "move it up, or remove it");
  }
  if (coverage.isComplete()) return;
  findings.info(code::kLimit, path, "has too many matches to compare all of them for overlaps");
}

}  // namespace sluice::source
