// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/text_match.h"

#include <algorithm>

namespace sluice::routing {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

RE2::Options quietly() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

}  // namespace

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

Result<TextMatch> TextMatch::compile(const StringMatch& match, bool ignore_case) {
  TextMatch text;
  const bool star = match.kind == StringMatch::Kind::kRegex && match.value == "*";
  if (star || match.kind == StringMatch::Kind::kPresent) return text;
  text.kind_ = match.kind;
  text.value_ = match.value;
  text.ignore_case_ = ignore_case;
  if (match.kind != StringMatch::Kind::kRegex) return text;
  text.regex_ = std::make_shared<const RE2>(match.value, quietly());
  if (text.regex_->ok()) return text;
  return Error(Error::Code::kInvalid,
               "regular expression \"" + match.value + "\": " + text.regex_->error(),
               "expressions are RE2: no look-around, no back references");
}

bool TextMatch::holds(std::string_view text) const {
  switch (kind_) {
    case StringMatch::Kind::kPresent:
      return true;
    case StringMatch::Kind::kExact:
      return ignore_case_ ? equalsIgnoringCase(text, value_) : text == value_;
    case StringMatch::Kind::kPrefix: {
      const auto start = text.substr(0, value_.size());
      return ignore_case_ ? equalsIgnoringCase(start, value_) : start == value_;
    }
    case StringMatch::Kind::kRegex:
      return RE2::FullMatch({text.data(), text.size()}, *regex_);
  }
  return false;
}

}  // namespace sluice::routing
