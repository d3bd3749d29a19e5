// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>

#include "userspace/model/resources.h"

namespace sluice::routing {

/// A StringMatch, ready to be asked.
class TextMatch {
 public:
  /// `ignore_case` concerns exact and prefix alone, as in Istio.
  /// kInvalid when a regular expression does not compile.
  static Result<TextMatch> compile(const StringMatch& match, bool ignore_case = false);

  /// kPresent holds for every text. A regular expression must match the whole text.
  bool holds(std::string_view text) const;

  /// Holds for whatever is there: `{}`, or a regex "*", which Istio takes for it.
  bool isPresence() const { return kind_ == StringMatch::Kind::kPresent; }

 private:
  StringMatch::Kind kind_ = StringMatch::Kind::kPresent;
  bool ignore_case_ = false;
  std::string value_;
  std::shared_ptr<const RE2> regex_;
};

/// ASCII letters of both cases are the same.
bool equalsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace sluice::routing
