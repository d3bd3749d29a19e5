// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/routing/matcher.h"

namespace sluice::proxy {

/// The path and query of a request as rules see them (routing/normalize_path.h), fragment and
/// authority left out.
std::string normalizedTarget(std::string_view target);

/// Percent-encodes what cannot stand in a request line or a URI: a rule may write it. "#" is
/// encoded unless it may begin a fragment.
std::string escapedTarget(std::string_view target, bool fragment_allowed = false);

/// Replaces what a rule's condition on the path has matched. Immutable; used from any thread.
class PathRewrite {
 public:
  /// `replacement` takes the place of the matched prefix, of the whole path after exact and regex,
  /// and of the first "/" where nothing is said about the path (Istio: HTTPRewrite.uri).
  static Result<PathRewrite> ofMatched(const routing::Rule& rule, std::string replacement);
  /// Every match of the pattern in the path; kInvalid when it does not compile.
  static Result<PathRewrite> ofRegex(const RegexRewrite& rewrite);

  /// The new path with the old query. `request` is the one that the rule has matched;
  /// `target` its normalizedTarget().
  std::string apply(std::string_view target, const routing::RequestView& request) const;

 private:
  std::string withoutMatched(std::string_view path, const routing::RequestView& request) const;

  std::string replacement_;
  std::shared_ptr<const RE2> regex_;
  /// Bytes that each of the rule's matches takes; kWholePath: all.
  std::vector<size_t> matched_;
  /// Which of the rule's matches it was; null when they all take as much.
  std::shared_ptr<const routing::Matcher> which_;
};

}  // namespace sluice::proxy
