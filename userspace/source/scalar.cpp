// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace sluice::source {
namespace {

constexpr std::array<std::string_view, 11> kTrue = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                    "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse = {"n",     "N",     "no",  "No",  "NO", "false",
                                                     "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 12> kSpecialFloats = {".inf",  ".Inf",  ".INF",  "+.inf",
                                                             "+.Inf", "+.INF", "-.inf", "-.Inf",
                                                             "-.INF", ".nan",  ".NaN",  ".NAN"};

template <size_t n>
bool oneOf(std::string_view text, const std::array<std::string_view, n>& words) {
  return std::ranges::find(words, text) != words.end();
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view withoutSign(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return text;
}

bool allDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, isDigit);
}

bool isDecimal(std::string_view text) {
  const auto digits = withoutSign(text);
  return allDigits(digits) && (digits.size() == 1 || digits[0] != '0') && text[0] != '+';
}

/// Whether some YAML 1.1 reader takes it for an integer that is not written as in JSON.
bool isUnclearInteger(std::string_view text) {
  auto digits = withoutSign(text);
  if (digits.empty() || !isDigit(digits[0])) return false;
  std::string plain;
  std::ranges::copy_if(digits, std::back_inserter(plain), [](char c) { return c != '_'; });
  int base = 10;
  if (plain.starts_with("0x") || plain.starts_with("0X")) base = 16;
  if (plain.starts_with("0o") || plain.starts_with("0O")) base = 8;
  if (plain.starts_with("0b") || plain.starts_with("0B")) base = 2;
  const char* begin = plain.data() + (base == 10 ? 0 : 2);
  const char* end = plain.data() + plain.size();
  return begin != end && std::all_of(begin, end, [base](char c) {
           const int digit = isDigit(c) ? c - '0' : base == 16 ? (c | 0x20) - 'a' + 10 : base;
           return digit >= 0 && digit < base;
         });
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool isFloat(std::string_view text) {
  auto rest = withoutSign(text);
  const auto skip_digits = [&rest] {
    const auto end = std::ranges::find_if_not(rest, isDigit);
    const auto count = static_cast<size_t>(end - rest.begin());
    rest.remove_prefix(count);
    return count;
  };
  size_t digits = skip_digits();
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (rest.empty()) return true;
  if (rest[0] != 'e' && rest[0] != 'E') return false;
  return allDigits(withoutSign(rest.substr(1)));
}

/// A number once its underscores are gone, as in YAML 1.1.
bool isUnclearFloat(std::string_view text) {
  if (text.empty() || text[0] == '_' || text[0] == '.') return false;
  if (text.find('_') == std::string_view::npos) return false;
  std::string plain(text);
  std::erase(plain, '_');
  return isFloat(plain);
}

}  // namespace

ScalarType plainScalarType(std::string_view text) {
  if (oneOf(text, kNulls)) return ScalarType::kNull;
  if (oneOf(text, kTrue) || oneOf(text, kFalse)) return ScalarType::kBool;
  if (isDecimal(text)) return ScalarType::kInteger;
  if (isUnclearInteger(text)) return ScalarType::kUnclearNumber;
  if (isFloat(text) || oneOf(text, kSpecialFloats)) return ScalarType::kFloat;
  if (isUnclearFloat(text)) return ScalarType::kUnclearNumber;
  return ScalarType::kString;
}

ScalarType scalarType(const YamlNode& node) {
  return node.quoted ? ScalarType::kString : plainScalarType(node.text);
}

bool isNullValue(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) return scalarType(node) == ScalarType::kNull;
  return node.isNull();
}

bool boolValue(std::string_view text) { return oneOf(text, kTrue); }

std::optional<int64_t> integerValue(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  const auto number = floatValue(text);
  // 2^53: beyond it a double does not hold every integer.
  if (!number || std::trunc(*number) != *number || std::abs(*number) > 9007199254740992.0) {
    return std::nullopt;
  }
  return static_cast<int64_t>(*number);
}

std::optional<double> floatValue(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

const char* describeValue(const YamlNode& node) {
  if (node.isMap()) return "a mapping";
  if (node.isSequence()) return "a list";
  if (node.isNull()) return "null";
  switch (scalarType(node)) {
    case ScalarType::kNull:
      return "null";
    case ScalarType::kBool:
      return "a boolean";
    case ScalarType::kInteger:
    case ScalarType::kUnclearNumber:
    case ScalarType::kFloat:
      return "a number";
    case ScalarType::kString:
      return "a string";
  }
  return "";
}

}  // namespace sluice::source
