// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>
#include <string>

namespace sluice::analysis {

/// "a, b, c", of long lists "a, b, …, h and 12 others". Where a thousand resources are each told of
/// all the others, texts of all names would be a million names.
template <std::ranges::sized_range Names>
std::string listText(const Names& names) {
  constexpr std::ptrdiff_t kShown = 8;
  const auto count = std::ranges::ssize(names);
  const auto end = std::ranges::next(names.begin(), std::min(count, kShown));
  std::string text = fmt::format("{}", fmt::join(names.begin(), end, ", "));
  if (count > kShown) text += fmt::format(" and {} others", count - kShown);
  return text;
}

}  // namespace sluice::analysis
