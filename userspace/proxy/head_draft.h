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

/// The fields of a head while a rule changes them. Names ignore case; names and values must live as
/// long as the draft is used. Keeps its memory from one head to the next.
class HeadDraft {
 public:
  void clear();

  /// For a value that is made here: empty, and kept until clear().
  std::string& text();

  /// Behind all others.
  void add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
  /// The same, and the draft keeps the value.
  void addOwned(std::string_view name, std::string_view value) { add(name, text().append(value)); }
  /// Instead of all fields of that name; where the first of them was, if there was one.
  void set(std::string_view name, std::string_view value);
  /// set() for each.
  void setAll(std::span<const std::pair<std::string, std::string>> fields);
  void remove(std::string_view name);
  /// The first value of that name; empty when there is none.
  std::string_view value(std::string_view name) const;
  bool has(std::string_view name) const;

  /// "name: value" and a line end for each field.
  void appendTo(std::string& out) const;

 private:
  std::vector<http1::Header> fields_;
  std::deque<std::string> texts_;  ///< views of its strings stay valid as it grows
  size_t texts_used_ = 0;
};

}  // namespace sluice::proxy
