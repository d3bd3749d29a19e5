// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/names.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <vector>

#include "userspace/source/limits.h"

namespace sluice::source {
namespace {

constexpr size_t kLongestLabel = 63;
constexpr size_t kLongestName = 253;
constexpr size_t kLongestFqdn = 255;

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isAlphanumeric(char c) { return isDigit(c) || isLower(c) || isUpper(c); }
bool isLowerAlphanumeric(char c) { return isDigit(c) || isLower(c); }

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// Starts and ends with `edge`, has only `edge` and characters of `inside` between.
bool isWord(std::string_view text, bool (*edge)(char), std::string_view inside) {
  if (text.empty() || !edge(text.front()) || !edge(text.back())) return false;
  return std::ranges::all_of(
      text, [&](char c) { return edge(c) || inside.find(c) != std::string_view::npos; });
}

bool isHostLabel(std::string_view label) {
  return label.size() <= kLongestLabel && isWord(label, isAlphanumeric, "-");
}

/// `*`, `*x`, `*-x`: a label that stands for many.
bool isWildcardLabel(std::string_view label) {
  if (!label.starts_with('*') || label.size() > kLongestLabel) return false;
  label.remove_prefix(1);
  if (label.starts_with('-')) label.remove_prefix(1);
  return label.empty() ? true : isWord(label, isAlphanumeric, "-");
}

Complaint checkLabels(std::string_view host, bool first_may_be_wildcard) {
  if (host.empty()) return "is empty";
  if (host.size() > kLongestFqdn) return fmt::format("is longer than {} characters", kLongestFqdn);
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto labels = split(host, '.');
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i == 0 && first_may_be_wildcard && isWildcardLabel(labels[i])) continue;
    if (labels[i].find('*') != std::string_view::npos) {
      return first_may_be_wildcard ? "has a wildcard outside its first label"
                                   : "may not have a wildcard";
    }
    if (!isHostLabel(labels[i])) {
      return fmt::format("is no DNS name: \"{}\" is not made of letters, digits and inner hyphens",
                         labels[i]);
    }
  }
  if (std::ranges::all_of(labels.back(), isDigit)) {
    return "is neither an address nor a DNS name, whose last label is not all digits";
  }
  return std::nullopt;
}

bool isTokenCharacter(char c) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return isAlphanumeric(c) || kOthers.find(c) != std::string_view::npos;
}

bool isPseudoHeader(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {":authority", ":method", ":path",
                                                             ":scheme", ":protocol"};
  return std::ranges::find(kNames, name) != kNames.end();
}

constexpr std::string_view kLabelRule =
    "must be at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends";

bool isLabelWord(std::string_view word) {
  return word.size() <= kLongestLabel && isWord(word, isAlphanumeric, "-_.");
}

}  // namespace

Complaint checkDns1123Label(std::string_view name) {
  if (name.size() <= kLongestLabel && isWord(name, isLowerAlphanumeric, "-")) return std::nullopt;
  return "must be at most 63 lower case letters, digits and inner hyphens";
}

Complaint checkDns1123Subdomain(std::string_view name) {
  const auto labels = split(name, '.');
  const bool good = name.size() <= kLongestName && std::ranges::all_of(labels, [](auto label) {
                      return isWord(label, isLowerAlphanumeric, "-");
                    });
  if (good) return std::nullopt;
  return "must be at most 253 lower case letters, digits, dots and inner hyphens";
}

Complaint checkFqdn(std::string_view host) { return checkLabels(host, false); }

Complaint checkWildcardDomain(std::string_view host) {
  if (host == "*") return std::nullopt;
  return checkLabels(host, true);
}

Complaint checkHeaderName(std::string_view name) {
  if (name.empty()) return "is empty";
  if (isPseudoHeader(name)) return std::nullopt;
  if (std::ranges::all_of(name, isTokenCharacter)) return std::nullopt;
  return "has a character that no header name may have";
}

Complaint checkLabelKey(std::string_view key) {
  const auto slash = key.rfind('/');
  if (slash != std::string_view::npos) {
    if (checkDns1123Subdomain(key.substr(0, slash))) {
      return "must have a DNS name before its slash";
    }
    key.remove_prefix(slash + 1);
  }
  if (isLabelWord(key)) return std::nullopt;
  return std::string(kLabelRule);
}

Complaint checkLabelValue(std::string_view value) {
  if (value.empty() || isLabelWord(value)) return std::nullopt;
  return std::string(kLabelRule);
}

Complaint checkRegex(const std::string& regex) {
  if (regex.empty()) return "is empty";
  if (regex.size() > kMaxRegexLength) {
    return fmt::format("is longer than {} characters", kMaxRegexLength);
  }
  const re2::RE2 compiled(regex, re2::RE2::Quiet);
  if (compiled.ok()) return std::nullopt;
  return fmt::format("is no RE2 expression: {}", compiled.error());
}

}  // namespace sluice::source
