// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

std::string Position::text() const {
  if (line == 0) return file.text();
  if (column == 0) return fmt::format("{}:{}", file.text(), line);
  return fmt::format("{}:{}:{}", file.text(), line, column);
}

const char* levelName(Diagnostic::Level level) {
  switch (level) {
    case Diagnostic::Level::kError:
      return "error";
    case Diagnostic::Level::kWarning:
      return "warning";
    case Diagnostic::Level::kInfo:
      return "info";
  }
  return "";
}

bool hasError(const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics,
                             [](const auto& d) { return d.level == Diagnostic::Level::kError; });
}

}  // namespace sluice
