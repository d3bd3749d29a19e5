// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/regex_budget.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "userspace/source/limits.h"

namespace sluice::source {
namespace {

/// Parsing, and what there is of any program.
constexpr uint64_t kLeastWork = 40;
/// RE2 gives up at about this many with its usual memory.
constexpr uint64_t kLargestProgram = 175'000;

uint64_t workFor(const re2::RE2& compiled) {
  if (compiled.ok()) return kLeastWork + static_cast<uint64_t>(compiled.ProgramSize());
  const bool too_large = compiled.error_code() == re2::RE2::ErrorPatternTooLarge;
  return too_large ? kLargestProgram : kLeastWork;
}

}  // namespace

Complaint RegexBudget::check(const std::string& regex) {
  if (regex.empty()) return "is empty";
  if (regex.size() > kMaxRegexLength) {
    return fmt::format("is longer than {} characters", kMaxRegexLength);
  }
  if (isSpent()) return "cannot be checked: the expressions of its file are too large together";
  const re2::RE2 compiled(regex, re2::RE2::Quiet);
  instructions_ += workFor(compiled);
  if (compiled.ok()) return std::nullopt;
  return fmt::format("is no RE2 expression: {}", compiled.error());
}

bool RegexBudget::isSpent() const { return instructions_ > kMaxRegexInstructions; }

}  // namespace sluice::source
