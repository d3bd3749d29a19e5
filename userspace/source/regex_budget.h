// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "userspace/source/names.h"

namespace sluice::source {

/// Checks regular expressions by compiling them, up to a total of work. Twenty characters can ask
/// for a program of a hundred thousand instructions, so what one file may cost is bounded here.
class RegexBudget {
 public:
  /// RE2, at most kMaxRegexLength. Costs nothing but the answer when it is spent.
  Complaint check(const std::string& regex);

  /// No further expression can be checked, so none may be accepted.
  bool isSpent() const;

 private:
  uint64_t instructions_ = 0;
};

}  // namespace sluice::source
