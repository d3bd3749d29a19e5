// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "userspace/routing/matcher.h"

namespace sluice::routing {

/// Compiles each list of conditions once. The rules of a VirtualService for a wildcard are those of
/// every service that it covers, and every service without rules has the same: nothing is asked.
class MatcherPool {
 public:
  /// As Matcher::compile(). `rules` must outlive the pool.
  Result<std::shared_ptr<const Matcher>> matcherFor(const std::vector<Rule>& rules);

 private:
  struct Known {
    const std::vector<Rule>* rules;
    std::shared_ptr<const Matcher> matcher;
  };
  std::unordered_multimap<size_t, Known> known_;  ///< by a hash of the conditions
};

}  // namespace sluice::routing
