// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/proxy/http1/head.h"

namespace sluice::proxy {

/// The fields of a head while a rule changes them. Names ignore case; a name or value that is not
/// the draft's own must live as long as it is used.
class HeadDraft {
 public:
  void clear();

  /// Behind all others.
  void add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
  /// The same, and the draft keeps the value.
  void addOwned(std::string_view name, std::string value) { add(name, own(std::move(value))); }
  /// Instead of all fields of that name; where the first of them was, if there was one.
  void setOwned(std::string_view name, std::string value);
  /// setOwned() for each; the names must live as long as the draft is used.
  void setAll(std::span<const std::pair<std::string, std::string>> fields);
  void remove(std::string_view name);
  /// The first value of that name; empty when there is none.
  std::string_view value(std::string_view name) const;
  bool has(std::string_view name) const;

  /// "name: value" and a line end for each field.
  void appendTo(std::string& out) const;

 private:
  std::string_view own(std::string value) { return owned_.emplace_back(std::move(value)); }

  std::vector<http1::Header> fields_;
  std::deque<std::string> owned_;  ///< views of its strings stay valid as it grows
};

}  // namespace sluice::proxy
