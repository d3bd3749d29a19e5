// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/table.h"

#include <algorithm>
#include <cstdint>

namespace sluice::cli {
namespace {

using Cells = std::vector<std::string>;

size_t codePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

void widen(std::vector<size_t>& widths, const Cells& cells) {
  for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], codePoints(cells[i]));
}

/// No blanks at the end of a line: they would wrap, and make diffs noisy.
void printRow(std::ostream& out, const std::vector<size_t>& widths, const Cells& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    line.append(widths[i] - codePoints(cells[i]) + 2, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

}  // namespace

void TextTable::print(std::ostream& out, bool with_titles) const {
  std::vector<size_t> widths(titles_.size(), 0);
  if (with_titles) widen(widths, titles_);
  for (const auto& row : rows_) widen(widths, row);
  if (with_titles) printRow(out, widths, titles_);
  for (const auto& row : rows_) printRow(out, widths, row);
}

std::string printable(std::string_view text) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }, '?');
  return clean;
}

}  // namespace sluice::cli
