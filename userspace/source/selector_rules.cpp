// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/selector_rules.h"

namespace sluice::source {

std::optional<std::string> selectorKeyComplaint(std::string_view key) {
  if (key.empty()) return "a label needs a key";
  if (key.find('*') != std::string_view::npos) return "a wildcard is no label's key";
  return std::nullopt;
}

std::optional<std::string> selectorValueComplaint(std::string_view value) {
  if (value.find('*') == std::string_view::npos) return std::nullopt;
  return "a selector has no wildcards: it takes labels as they are";
}

}  // namespace sluice::source
