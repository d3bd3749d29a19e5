// SPDX-License-Identifier: Apache-2.0
// The codes of diagnostics and of the reasons for a path: codes.def.
#pragma once

#include <span>
#include <string_view>

#include "userspace/model/diagnostic.h"

namespace sluice {

namespace code {
#define CODE(name, id, level, says, remedy, more) inline constexpr const char* k##name = id;
#include "userspace/model/codes.def"
#undef CODE
}  // namespace code

struct CodeInfo {
  std::string_view code;  ///< "IST0101"
  Diagnostic::Level level;
  std::string_view says;
  std::string_view remedy;  ///< may be empty
  std::string_view more;    ///< a paragraph, may be empty
};

/// All codes, in the order of codes.def.
std::span<const CodeInfo> codes();

/// Null when there is none.
const CodeInfo* findCode(std::string_view code);

struct RetiredCode {
  std::string_view code;
  std::string_view why;
};
std::span<const RetiredCode> retiredCodes();

}  // namespace sluice
