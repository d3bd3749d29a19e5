// SPDX-License-Identifier: Apache-2.0
// Character classes of RFC 9110 and RFC 9112, one table lookup each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::http1 {

enum CharClass : uint8_t {
  kToken = 1,       ///< RFC 9110 §5.6.2
  kFieldByte = 2,   ///< HTAB, SP, VCHAR, obs-text: RFC 9110 §5.5
  kTargetByte = 4,  ///< VCHAR and obs-text, but no '#': a fragment is never sent
  kHostByte = 8,    ///< RFC 3986 §3.2.2 and a port, but no ',': it would be a list
  kDigit = 16,
  kHexDigit = 32,
};

namespace chars_internal {
constexpr std::array<uint8_t, 256> makeTable() {
  constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
  constexpr std::string_view kHostMarks = "-._~%!$&'()*+;=:[]";
  std::array<uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const bool digit = c >= '0' && c <= '9';
    const bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool visible = (c > 0x20 && c < 0x7f) || c >= 0x80;
    uint8_t classes = 0;
    if (alpha || digit || kTokenMarks.find(byte) != kTokenMarks.npos) classes |= kToken;
    if (visible || c == ' ' || c == '\t') classes |= kFieldByte;
    if (visible && c != '#') classes |= kTargetByte;
    if (alpha || digit || kHostMarks.find(byte) != kHostMarks.npos) classes |= kHostByte;
    if (digit) classes |= kDigit;
    if (hex) classes |= kHexDigit;
    table[c] = classes;
  }
  return table;
}
inline constexpr std::array<uint8_t, 256> kTable = makeTable();
}  // namespace chars_internal

inline bool is(CharClass wanted, char c) {
  return (chars_internal::kTable[static_cast<uint8_t>(c)] & wanted) != 0;
}

/// Neither empty nor with another byte in it.
inline bool allAre(CharClass wanted, std::string_view text) {
  for (const char c : text) {
    if (!is(wanted, c)) return false;
  }
  return !text.empty();
}

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// `lower_case` has no capitals.
inline bool equalsIgnoringCase(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

inline bool sameIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

/// Without the optional whitespace around it (RFC 9110 §5.6.3).
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls visitor(element) for each element of a comma-separated list, empty ones included, until
/// it answers false. Answers whether it got through.
template <typename Visitor>
bool eachElement(std::string_view list, Visitor visitor) {
  for (;;) {
    const size_t comma = list.find(',');
    if (!visitor(trimmed(list.substr(0, comma)))) return false;
    if (comma == list.npos) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace sluice::http1
