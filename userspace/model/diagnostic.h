// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/base/shared_text.h"

namespace sluice {

/// A place in a file; line and column count from 1, 0 is unknown.
struct Position {
  SharedText file;
  int line = 0;
  int column = 0;

  /// "rules.yaml:14:19", without the parts that are unknown.
  std::string text() const;
  friend bool operator==(const Position&, const Position&) = default;
};

/// What is wrong with a resource, where, and what to do about it.
struct Diagnostic {
  enum class Level { kError, kWarning, kInfo };

  std::string code;  ///< "IST0106", "SLU1003"
  Level level = Level::kError;
  std::string resource;  ///< "VirtualService/shop/catalog"; empty when it could not be read
  Position position;
  std::string field;  ///< "spec.http[0].fault.abort"; empty for the whole resource
  std::string message;
  std::string hint;
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

using Diagnostics = std::vector<Diagnostic>;

/// "error", "warning", "info".
const char* levelName(Diagnostic::Level level);
bool hasError(const Diagnostics& diagnostics);

}  // namespace sluice
