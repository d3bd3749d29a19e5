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

/// An integer in any of the notations of YAML 1.1, "0x1F", "0o17", "017", "0b1", "1_000".
struct Notation {
  std::string digits;  ///< without sign, prefix and underscores
  int base = 10;
};

Notation notationOf(std::string_view text) {
  Notation result;
  std::ranges::copy_if(withoutSign(text), std::back_inserter(result.digits),
                       [](char c) { return c != '_'; });
  constexpr std::array<std::pair<std::string_view, int>, 3> kPrefixes = {
      {{"0x", 16}, {"0o", 8}, {"0b", 2}}};
  for (const auto& [prefix, base] : kPrefixes) {
    const char letter =
        result.digits.size() > 2 ? static_cast<char>(result.digits[1] | 0x20) : '\0';
    if (result.digits[0] == '0' && letter == prefix[1])
      return {result.digits.substr(prefix.size()), base};
  }
  const bool octal =
      result.digits[0] == '0' && result.digits.find_first_of("89") == std::string::npos;
  result.base = octal ? 8 : 10;
  return result;
}

/// Of an integer, however it is written; nothing where it is none, or has more than 64 bits.
std::optional<uint64_t> magnitudeOf(std::string_view text) {
  const auto digits = withoutSign(text);
  if (digits.empty() || !isDigit(digits[0])) return std::nullopt;
  const auto [plain, base] = notationOf(text);
  uint64_t value = 0;
  const char* end = plain.data() + plain.size();
  const auto [stop, error] = std::from_chars(plain.data(), end, value, base);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

/// Go: what is too large for a double is no number. What is too small is 0.
bool fitsDouble(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::result_out_of_range || text.find("e-") != std::string_view::npos ||
         text.find("E-") != std::string_view::npos;
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
  if (rest.empty()) return fitsDouble(text);
  if (rest[0] != 'e' && rest[0] != 'E') return false;
  return allDigits(withoutSign(rest.substr(1))) && fitsDouble(text);
}

/// A number once its underscores are gone, as in YAML 1.1.
bool isUnclearFloat(std::string_view text) {
  if (text.starts_with('_') || text.starts_with("._")) return false;
  if (text.find('_') == std::string_view::npos) return false;
  std::string plain(text);
  std::erase(plain, '_');
  return isFloat(plain);
}

/// Go: strconv.FormatFloat(value, 'g', -1, 64).
std::string shortestText(std::string_view number) {
  std::string plain(number);
  std::erase(plain, '_');
  const auto value = floatValue(plain);
  if (!value) return plain;
  std::array<char, 32> text{};
  const auto [end, error] =
      std::to_chars(text.begin(), text.end(), *value, std::chars_format::general);
  return {text.begin(), end};
}

}  // namespace

ScalarType plainScalarType(std::string_view text) {
  if (oneOf(text, kNulls)) return ScalarType::kNull;
  if (oneOf(text, kTrue) || oneOf(text, kFalse)) return ScalarType::kBool;
  if (isDecimal(text)) return ScalarType::kInteger;
  if (magnitudeOf(text)) return ScalarType::kUnclearNumber;
  if (isFloat(text) || oneOf(text, kSpecialFloats)) return ScalarType::kFloat;
  if (isUnclearFloat(text)) return ScalarType::kUnclearNumber;
  return ScalarType::kString;
}

std::string keyText(std::string_view text) {
  // Most keys are names of fields.
  constexpr std::string_view kFirst = "0123456789+-.yYnNtTfFoO";
  if (text.empty() || kFirst.find(text[0]) == std::string_view::npos) return std::string(text);
  const auto type = plainScalarType(text);
  if (type == ScalarType::kBool) return boolValue(text) ? "true" : "false";
  if (type == ScalarType::kString || type == ScalarType::kNull) return std::string(text);
  if (const auto magnitude = magnitudeOf(text))
    return (text[0] == '-' && *magnitude > 0 ? "-" : "") + std::to_string(*magnitude);
  return shortestText(text);
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
