// SPDX-License-Identifier: Apache-2.0
// How the lines of an explanation are written.
#pragma once

#include <string>
#include <string_view>

#include "userspace/cli/terminal.h"
#include "userspace/observe/json.h"

namespace sluice::cli {

/// Writes lines of a label and a value.
class Lines {
 public:
  explicit Lines(const Terminal& terminal) : terminal_(terminal) {}

  /// An empty label continues what the line above says.
  void add(std::string_view label, std::string_view value) const;
  std::string paint(Colour colour, std::string_view text) const {
    return terminal_.paint(colour, text);
  }

 private:
  const Terminal& terminal_;
};

/// A field as text without control characters; empty when it is absent or null.
std::string fieldText(const observe::Json& item, const char* field);

}  // namespace sluice::cli
