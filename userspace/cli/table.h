// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// Text in columns that are as wide as their widest cell, two blanks apart. Widths count code
/// points, not bytes.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> titles) : titles_(std::move(titles)) {}

  /// As many cells as there are titles.
  void addRow(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  void print(std::ostream& out, bool with_titles) const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<std::string>> rows_;
};

/// `text` without control characters, which could move the cursor or change the colours of the
/// terminal: names and values come from files that others wrote.
std::string printable(std::string_view text);

}  // namespace sluice::cli
