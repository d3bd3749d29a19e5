// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/codes.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr auto kCodes = std::to_array<CodeInfo>({
#define CODE(name, id, level, says, remedy, more) \
  {id, Diagnostic::Level::level, says, remedy, more},
#include "userspace/model/codes.def"
#undef CODE
});

/// Ends with an empty one, because an array of none cannot be.
constexpr auto kRetired = std::to_array<RetiredCode>({
#define RETIRED(id, why) {id, why},
#include "userspace/model/retired_codes.def"
#undef RETIRED
    {},
});

}  // namespace

std::span<const CodeInfo> codes() { return kCodes; }

const CodeInfo* findCode(std::string_view code) {
  const auto* found = std::ranges::find(kCodes, code, &CodeInfo::code);
  return found == kCodes.end() ? nullptr : found;
}

std::span<const RetiredCode> retiredCodes() {
  return std::span(kRetired).first(kRetired.size() - 1);
}

}  // namespace sluice
