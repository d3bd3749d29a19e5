// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/nearest.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

namespace sluice::source {
namespace {

/// Longer words are no misspelling of a field, and would cost their square.
constexpr size_t kLongestWord = 64;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// Insertions, removals and replacements (Levenshtein 1965), letter case for free.
size_t distance(std::string_view from, std::string_view to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < from.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < to.size(); ++j) {
      const size_t replaced = diagonal + (lower(from[i]) == lower(to[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<const std::string_view> known) {
  if (name.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> best;
  // A third of the letters wrong is still the same word; more is another one.
  size_t smallest = std::max<size_t>(name.size() / 3, 1) + 1;
  for (const auto candidate : known) {
    const size_t d = distance(name, candidate);
    if (d >= smallest) continue;
    smallest = d;
    best = candidate;
  }
  return best;
}

}  // namespace sluice::source
