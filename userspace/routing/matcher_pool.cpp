// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/matcher_pool.h"

#include <algorithm>
#include <functional>
#include <string>

namespace sluice::routing {
namespace {

/// Of what usually tells lists apart; the rest is compared.
size_t hashOf(const std::vector<Rule>& rules) {
  std::string text;
  for (const auto& rule : rules) {
    for (const auto& match : rule.matches) {
      if (match.uri) text += match.uri->value;
      for (const auto& [name, value] : match.headers) text += '\n' + name + '\n' + value.value;
      text += '\n';
    }
    text += '\n';
  }
  return std::hash<std::string>{}(text);
}

bool sameConditions(const std::vector<Rule>& a, const std::vector<Rule>& b) {
  return std::ranges::equal(a, b, {}, &Rule::matches, &Rule::matches);
}

}  // namespace

Result<std::shared_ptr<const Matcher>> MatcherPool::matcherFor(const std::vector<Rule>& rules) {
  const size_t hash = hashOf(rules);
  const auto [first, last] = known_.equal_range(hash);
  for (auto at = first; at != last; ++at)
    if (sameConditions(*at->second.rules, rules)) return at->second.matcher;
  auto compiled = Matcher::compile(rules);
  if (compiled) known_.emplace(hash, Known{&rules, *compiled});
  return compiled;
}

}  // namespace sluice::routing
