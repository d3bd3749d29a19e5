// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "userspace/model/address.h"

namespace sluice::source {
namespace {

constexpr size_t kLongestLabel = 63;
constexpr size_t kLongestName = 253;
constexpr size_t kLongestFqdn = 255;

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isLetter(char c) { return isLower(c) || isUpper(c); }
bool isAlphanumeric(char c) { return isDigit(c) || isLetter(c); }
bool isLowerAlphanumeric(char c) { return isDigit(c) || isLower(c); }
char lower(char c) { return isUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

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
  if (label == "*") return true;
  label.remove_prefix(1);
  if (label.starts_with('-')) label.remove_prefix(1);
  return isWord(label, isAlphanumeric, "-");
}

Complaint checkLength(std::string_view host) {
  if (host.empty()) return "is empty";
  if (host.size() > kLongestFqdn) return fmt::format("is longer than {} characters", kLongestFqdn);
  return std::nullopt;
}

Complaint complainAboutLabel(std::string_view label) {
  if (label.find('*') != std::string_view::npos) {
    return "may have a wildcard at the start of its first label only, if at all";
  }
  return fmt::format("is no DNS name: \"{}\" is not made of letters, digits and inner hyphens",
                     label.substr(0, kLongestLabel));
}

/// Istio: ValidateDNS1123Labels; the last label is empty behind a dot that ends the name.
Complaint checkLabels(const std::vector<std::string_view>& labels, size_t first) {
  const std::string_view last = labels.back();
  if (!last.empty() && std::ranges::all_of(last, isDigit)) {
    return "is neither an address nor a DNS name, whose last label is not all digits";
  }
  for (size_t i = first; i < labels.size(); ++i) {
    if (i > 0 && i + 1 == labels.size() && labels[i].empty()) break;
    if (!isHostLabel(labels[i])) return complainAboutLabel(labels[i]);
  }
  return std::nullopt;
}

constexpr std::string_view kBetweenNetworks = "outbound_";

/// Istio: outbound_.<port>_.<subset>_.<host>, the names that AUTO_PASSTHROUGH listens for.
Complaint checkDomainBetweenNetworks(std::string_view host) {
  const auto parts = split(host, '_');
  const bool good = parts.size() >= 4 && std::ranges::any_of(parts[1], isDigit) &&
                    std::ranges::any_of(parts[3], isLetter);
  if (good) return std::nullopt;
  return "is not of the form outbound_.<port>_.<subset>_.<host>";
}

bool isTokenCharacter(char c) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return isAlphanumeric(c) || kOthers.find(c) != std::string_view::npos;
}

bool isPseudoHeader(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {":authority", ":method", ":path",
                                                             ":scheme", ":status"};
  return std::ranges::find(kNames, name) != kNames.end();
}

bool isLabelWord(std::string_view word) { return isWord(word, isAlphanumeric, "-_."); }

bool isLabelPrefix(std::string_view prefix) {
  return prefix.size() <= kLongestName && std::ranges::all_of(split(prefix, '.'), [](auto label) {
           return isWord(label, isAlphanumeric, "-");
         });
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

Complaint checkLabelName(std::string_view name) {
  if (isHostLabel(name)) return std::nullopt;
  return "must be at most 63 letters, digits and inner hyphens";
}

Complaint checkFqdn(std::string_view host) {
  if (auto complaint = checkLength(host)) return complaint;
  return checkLabels(split(host, '.'), 0);
}

Complaint checkWildcardDomain(std::string_view host) {
  if (auto complaint = checkLength(host)) return complaint;
  const auto labels = split(host, '.');
  if (!isWildcardLabel(labels[0]) && !isHostLabel(labels[0])) return complainAboutLabel(labels[0]);
  if (labels.size() == 1) return std::nullopt;
  return checkLabels(labels, 1);
}

Complaint checkGatewayDomain(std::string_view host) {
  if (auto complaint = checkLength(host)) return complaint;
  if (host.starts_with(kBetweenNetworks)) return checkDomainBetweenNetworks(host);
  return checkWildcardDomain(host);
}

Complaint checkAddress(std::string_view text) {
  if (IpAddress::parse(text).ok()) return std::nullopt;
  return "is no IP address";
}

Complaint checkSubnet(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  if (!IpAddress::parse(address).ok()) return "is neither an IP address nor a CIDR block";
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view length = text.substr(slash + 1);
  const unsigned longest = address.find(':') == std::string_view::npos ? 32 : 128;
  unsigned bits = 0;
  const auto end = length.data() + length.size();
  const auto [rest, error] = std::from_chars(length.data(), end, bits);
  if (error == std::errc() && rest == end && bits <= longest && std::to_string(bits) == length) {
    return std::nullopt;
  }
  return fmt::format("must end with the length of its prefix, 0 to {}", longest);
}

Complaint checkHeaderName(std::string_view name) {
  if (name.empty()) return "is empty";
  if (std::ranges::all_of(name, isTokenCharacter)) return std::nullopt;
  return "has a character that no header name may have";
}

Complaint checkMatchedHeaderName(std::string_view name) {
  if (isJwtClaim(name) || isPseudoHeader(name)) return std::nullopt;
  return checkHeaderName(name);
}

bool isJwtClaim(std::string_view header_name) {
  static constexpr std::string_view kClaims = "@request.auth.claims";
  if (!equalIgnoringCase(header_name.substr(0, kClaims.size()), kClaims)) return false;
  const std::string_view claim = header_name.substr(kClaims.size());
  if (claim.starts_with('.')) return claim.size() > 1;
  return claim.starts_with('[') && claim.ends_with(']') && claim.size() > 2;
}

Complaint checkLabelKey(std::string_view key) {
  const auto slash = key.rfind('/');
  if (slash != std::string_view::npos) {
    if (!isLabelPrefix(key.substr(0, slash))) return "must have a DNS name before its slash";
    key.remove_prefix(slash + 1);
  }
  if (key.size() <= kLongestLabel && isLabelWord(key)) return std::nullopt;
  return "must be at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both "
         "ends";
}

Complaint checkLabelValue(std::string_view value) {
  if (value.empty() || isLabelWord(value)) return std::nullopt;
  return "must be letters, digits, '-', '_' and '.', with a letter or digit at both ends";
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace sluice::source
