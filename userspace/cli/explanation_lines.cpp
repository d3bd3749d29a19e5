// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/explanation_lines.h"

#include <algorithm>

#include "userspace/cli/table.h"

namespace sluice::cli {
namespace {

constexpr size_t kLabelWidth = 13;

/// Colour codes take no room on the screen.
size_t visibleWidth(std::string_view label) {
  size_t width = 0;
  bool in_code = false;
  for (const char c : label) {
    in_code = in_code || c == '\x1b';
    width += in_code ? 0 : 1;
    if (c == 'm') in_code = false;
  }
  return width;
}

}  // namespace

void Lines::add(std::string_view label, std::string_view value) const {
  const auto width = visibleWidth(label);
  const auto blanks = std::string(kLabelWidth - std::min(width, kLabelWidth - 1), ' ');
  terminal_.out << label << blanks << value << "\n";
}

std::string fieldText(const observe::Json& item, const char* field) {
  const auto found = item.find(field);
  if (found == item.end() || found->is_null()) return {};
  return printable(found->is_string() ? found->get<std::string>() : found->dump());
}

}  // namespace sluice::cli
