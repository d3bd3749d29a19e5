// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/matcher_alternatives.h"

#include <map>
#include <utility>

#include "userspace/routing/names.h"
#include "userspace/routing/text_match.h"

namespace sluice::routing {
namespace {

using match::Condition;
using match::Pattern;

/// Istio takes a regex "*" for `{}`.
bool isPresence(const StringMatch& text) {
  return text.kind == StringMatch::Kind::kPresent ||
         (text.kind == StringMatch::Kind::kRegex && text.value == "*");
}

Pattern patternOf(const StringMatch& text, bool ignore_case = false) {
  if (isPresence(text)) return {Pattern::Kind::kPrefix, "", false};
  switch (text.kind) {
    case StringMatch::Kind::kRegex:
      return {Pattern::Kind::kRegex, text.value, false};
    case StringMatch::Kind::kPrefix:
      return {Pattern::Kind::kPrefix, text.value, ignore_case};
    default:
      return {Pattern::Kind::kExact, text.value, ignore_case};
  }
}

/// Pseudo headers are parts of the request line under another name.
match_source sourceOfHeader(const std::string& name) {
  if (name == ":method") return MATCH_METHOD;
  if (name == ":scheme") return MATCH_SCHEME;
  if (name == ":authority" || name == "host") return MATCH_AUTHORITY;
  if (name == ":path") return MATCH_PATH_AND_QUERY;
  return MATCH_HEADER;
}

/// Istio compares an absent header as an empty one, and `{}` asks that it be absent.
bool refusesAbsent(const StringMatch& text) {
  if (isPresence(text)) return false;
  const auto compiled = TextMatch::compile(text);
  return compiled.ok() && compiled->holds("");
}

Condition headerCondition(const std::string& name, const StringMatch& text, bool refuses) {
  auto in_lower_case = toLower(name);
  const auto source = sourceOfHeader(in_lower_case);
  return {source, std::move(in_lower_case), patternOf(text), refuses,
          refuses && refusesAbsent(text)};
}

match::Alternative alternativeOf(const RequestMatch& match, uint32_t rule) {
  match::Alternative all{rule, {}};
  auto& conditions = all.conditions;
  if (match.uri)
    conditions.push_back({MATCH_PATH, "", patternOf(*match.uri, match.ignore_uri_case)});
  if (match.method) conditions.push_back({MATCH_METHOD, "", patternOf(*match.method)});
  if (match.scheme) conditions.push_back({MATCH_SCHEME, "", patternOf(*match.scheme)});
  if (match.authority) conditions.push_back({MATCH_AUTHORITY, "", patternOf(*match.authority)});
  for (const auto& [name, text] : match.headers)
    conditions.push_back(headerCondition(name, text, false));
  for (const auto& [name, text] : match.without_headers)
    conditions.push_back(headerCondition(name, text, true));
  for (const auto& [name, text] : match.query_params)
    conditions.push_back({MATCH_QUERY, name, patternOf(text)});
  return all;
}

}  // namespace

std::vector<match::Alternative> alternativesOf(std::span<const Rule> rules) {
  std::vector<match::Alternative> all;
  for (uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].matches.empty()) all.push_back({i, {}});
    for (const auto& match : rules[i].matches) all.push_back(alternativeOf(match, i));
  }
  return all;
}

}  // namespace sluice::routing
