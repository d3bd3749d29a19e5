// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "userspace/source/field_path.h"

namespace sluice::source {

/// Where in a resource decoding is. Each points at the one around it, on the stack, so that a
/// resource without findings costs no text; use path() for what outlives the call.
class Location {
 public:
  /// The whole resource.
  Location() = default;

  Location field(std::string_view name) const& { return {this, Part::kField, name, 0}; }
  Location item(size_t index) const& { return {this, Part::kItem, {}, index}; }
  /// A key of a map; see FieldPath::entry().
  Location entry(std::string_view key) const& { return {this, Part::kEntry, key, 0}; }
  /// See FieldPath::namedEntry().
  Location namedEntry(std::string_view key) const& { return {this, Part::kNamedEntry, key, 0}; }
  /// Of a temporary they would point at nothing.
  Location field(std::string_view name) const&& = delete;
  Location item(size_t index) const&& = delete;
  Location entry(std::string_view key) const&& = delete;
  Location namedEntry(std::string_view key) const&& = delete;

  FieldPath path() const;

 private:
  enum class Part { kRoot, kField, kItem, kEntry, kNamedEntry };

  Location(const Location* around, Part part, std::string_view name, size_t index)
      : around_(around), part_(part), name_(name), index_(index) {}

  const Location* around_ = nullptr;
  Part part_ = Part::kRoot;
  std::string_view name_;
  size_t index_ = 0;
};

}  // namespace sluice::source
