// SPDX-License-Identifier: Apache-2.0
// Simple limits of values, as the schemas of the API server state them.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/source/yaml_node.h"

namespace sluice::source {

/// What may be wrong with a text, in words that fit behind the field's name; nothing when it is
/// right.
using TextRule = std::optional<std::string> (*)(std::string_view text);

/// Limits of one value. What a limit does not concern is left to the value's type.
struct Bounds {
  std::optional<double> at_least;                    ///< numbers
  std::optional<double> at_most;                     ///< numbers
  std::optional<std::chrono::nanoseconds> shortest;  ///< durations
  std::optional<size_t> max_length;                  ///< strings, in characters
  std::optional<size_t> min_items;                   ///< lists and mappings
  std::optional<size_t> max_items;                   ///< lists and mappings
  TextRule rule = nullptr;                           ///< strings

  /// "must be at least 1ms"; nothing when `value` keeps the limits.
  std::optional<std::string> complaint(const YamlNode& value) const;
  /// For the reference: "1 to 65535", "at least 1ms", "at most 256 entries"; may be empty.
  std::string text() const;
};

/// CRD: a duration of at least a millisecond.
constexpr Bounds atLeastOneMillisecond() {
  Bounds bounds;
  bounds.shortest = std::chrono::milliseconds(1);
  return bounds;
}

/// CRD: minimum, maximum.
constexpr Bounds range(double from, double to) {
  Bounds bounds;
  bounds.at_least = from;
  bounds.at_most = to;
  return bounds;
}

/// CRD: minimum.
constexpr Bounds atLeast(double from) {
  Bounds bounds;
  bounds.at_least = from;
  return bounds;
}

/// CRD: maxItems, maxProperties.
constexpr Bounds atMostItems(size_t count) {
  Bounds bounds;
  bounds.max_items = count;
  return bounds;
}

/// CEL: what a text may not say.
constexpr Bounds textRule(TextRule rule) {
  Bounds bounds;
  bounds.rule = rule;
  return bounds;
}

/// CRD: maxLength, and what the text may not say.
constexpr Bounds textOf(size_t length, TextRule rule = nullptr) {
  Bounds bounds;
  bounds.max_length = length;
  bounds.rule = rule;
  return bounds;
}

}  // namespace sluice::source
