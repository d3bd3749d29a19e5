// SPDX-License-Identifier: Apache-2.0
// Random rules and requests that have a good chance to meet: small alphabets, every kind of
// condition. The fuzz target and the property test make them from bytes.
#pragma once

#include <re2/re2.h>

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/routing/request_view.h"
#include "userspace/routing/route_table.h"

namespace sluice::test {

/// Choices that bytes make; zeros when they are used up.
class Choices {
 public:
  explicit Choices(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint32_t below(size_t count) {
    if (at_ >= bytes_.size()) return 0;
    return static_cast<uint32_t>(bytes_[at_++] % count);
  }
  bool oneIn(size_t count) { return below(count) == 1; }
  bool usedUp() const { return at_ >= bytes_.size(); }

  template <size_t kCount>
  std::string_view of(const std::array<std::string_view, kCount>& words) {
    return words[below(kCount)];
  }

  template <size_t kCount>
  std::string join(const std::array<std::string_view, kCount>& words, size_t most) {
    std::string text;
    for (auto count = below(most + 1); count > 0; --count) text += of(words);
    return text;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

inline constexpr std::array<std::string_view, 14> kPieces = {
    "a", "b", "/", "ab", "A", "B", "1", "-", "_", "\xc3\xa9", "\xff", "\n", ";", "k"};
inline constexpr std::array<std::string_view, 12> kPathPieces = {
    "/a", "/b", "/", "b", "A", "/ab", "1", "/..", "/.", "%61", "%2f", "\xc3\xa9"};
inline constexpr std::array<std::string_view, 38> kRegexPieces = {
    "a",           "b",       "/",        ".",      ".*",         "[ab]",    "[^a]", "(a|b)",
    "a+",          "b?",      "\\d",      "\\w*",   "a{2}",       "^",       "$",    "(?i)",
    "(?:ab)*",     "|",       "()",       "a{1,3}", "\\.",        "[a-",     "[-a]", "[a-z_-]",
    "\\S",         "(?:a|)+", "\xc3\xa9", "k",      "\\D*?",      "[^\\d/]", "a*?",  "(?:^a)",
    "[[:alpha:]]", "\\b",     "{",        "]",      "[a-c]{0,2}", "\\-"};
inline constexpr std::array<std::string_view, 9> kHeaderNames = {
    "x", "y", "cookie", "x-long", ":method", ":path", ":authority", "host", ":unknown"};
inline constexpr std::array<std::string_view, 9> kSentNames = {
    "x", "X", "y", "Y", "Cookie", "x-lon", "x-longer", "host", ":method"};
inline constexpr std::array<std::string_view, 5> kMethods = {"GET", "get", "POST", "PUT", ""};
inline constexpr std::array<std::string_view, 4> kAuthorities = {"a", "a:80", "A", "b"};
inline constexpr std::array<std::string_view, 5> kParameterNames = {"a", "b", "A", "ab", ""};
inline constexpr std::array<std::string_view, 10> kQueryPieces = {"a", "b", "=", "&",  "ab",
                                                                  "A", "1", "%", "a=", "?"};

/// Rules hold legal expressions alone; what is none is compared as text.
inline StringMatch randomRegex(Choices& choices) {
  auto text = choices.join(kRegexPieces, 5);
  const bool is_legal = RE2(text, RE2::Quiet).ok();
  return {is_legal ? StringMatch::Kind::kRegex : StringMatch::Kind::kExact, std::move(text)};
}

template <size_t kCount>
StringMatch randomText(Choices& choices, const std::array<std::string_view, kCount>& words) {
  using Kind = StringMatch::Kind;
  switch (choices.below(4)) {
    case 0:
      return {Kind::kExact, choices.join(words, 3)};
    case 1:
      return {Kind::kPrefix, choices.join(words, 2)};
    case 2:
      return randomRegex(choices);
    default:
      return {choices.oneIn(2) ? Kind::kPresent : Kind::kRegex, "*"};
  }
}

inline void addNamed(Choices& choices, std::map<std::string, StringMatch>& matches,
                     std::string_view name) {
  matches[std::string(name)] = randomText(choices, kPieces);
}

inline routing::RequestMatch randomMatch(Choices& choices) {
  routing::RequestMatch match;
  if (choices.oneIn(2)) match.uri = randomText(choices, kPathPieces);
  match.ignore_uri_case = choices.oneIn(3);
  if (choices.oneIn(4)) match.method = randomText(choices, kMethods);
  if (choices.oneIn(8)) match.scheme = randomText(choices, kPieces);
  if (choices.oneIn(8)) match.authority = randomText(choices, kAuthorities);
  for (auto i = choices.below(3); i > 0; --i)
    addNamed(choices, match.headers, choices.of(kHeaderNames));
  for (auto i = choices.below(3); i > 0; --i)
    addNamed(choices, match.without_headers, choices.of(kHeaderNames));
  for (auto i = choices.below(2); i > 0; --i)
    addNamed(choices, match.query_params, choices.of(kParameterNames));
  return match;
}

inline std::vector<routing::Rule> randomRules(Choices& choices) {
  std::vector<routing::Rule> rules(1 + choices.below(6));
  for (auto& rule : rules) {
    if (choices.oneIn(16)) continue;  // matches everything
    for (auto i = 1 + choices.below(3); i > 0; --i) rule.matches.push_back(randomMatch(choices));
  }
  return rules;
}

/// Owns what a RequestView borrows.
struct RandomRequest {
  std::string method, scheme, authority, target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<routing::HeaderView> views;

  routing::RequestView view() {
    views.clear();
    for (const auto& [name, value] : headers) views.push_back({name, value});
    return {method, scheme, authority, target, views};
  }
};

inline RandomRequest randomRequest(Choices& choices) {
  RandomRequest request;
  request.method = choices.of(kMethods);
  request.scheme = choices.oneIn(4) ? "https" : "http";
  request.authority = choices.of(kAuthorities);
  request.target = choices.oneIn(16) ? "*" : "/" + choices.join(kPathPieces, 4);
  if (choices.oneIn(2)) request.target += "?" + choices.join(kQueryPieces, 8);
  if (choices.oneIn(16)) request.target += "#f";
  for (auto i = choices.below(8); i > 0; --i)
    request.headers.emplace_back(choices.of(kSentNames), choices.join(kPieces, 3));
  return request;
}

}  // namespace sluice::test
