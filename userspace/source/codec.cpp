// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/codec.h"

#include <fmt/format.h>

#include <algorithm>

#include "userspace/source/nearest.h"
#include "userspace/source/scalar.h"
#include "userspace/source/time_text.h"

namespace sluice::source {
namespace {

bool isScalarOf(const YamlNode& node, ScalarType type) {
  return node.kind == YamlNode::Kind::kScalar && scalarType(node) == type;
}

}  // namespace

std::optional<int64_t> decodeInteger(Decoder& decoder, const YamlNode& node, const Location& at,
                                     int64_t smallest, int64_t largest) {
  if (isScalarOf(node, ScalarType::kUnclearNumber)) {
    decoder.invalid(
        at,
        fmt::format("\"{}\" is read differently by different programs", node.text.substr(0, 40)),
        "write a decimal number without leading zeros or underscores");
    return std::nullopt;
  }
  if (!isScalarOf(node, ScalarType::kInteger) && !isScalarOf(node, ScalarType::kFloat)) {
    decoder.wrongType(node, at, "an integer");
    return std::nullopt;
  }
  const auto value = integerValue(node.text);
  if (!value || *value < smallest || *value > largest) {
    decoder.invalid(at, fmt::format("must be an integer from {} to {}, is {}", smallest, largest,
                                    node.text.substr(0, 40)));
    return std::nullopt;
  }
  return value;
}

std::optional<size_t> decodeWord(Decoder& decoder, const YamlNode& node, const Location& at,
                                 const std::vector<std::string_view>& names) {
  if (!isScalarOf(node, ScalarType::kString)) {
    decoder.wrongType(node, at, "a string");
    return std::nullopt;
  }
  const auto found = std::ranges::find(names, node.text);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  const auto near = nearest(node.text, names);
  decoder.invalid(
      at, fmt::format("\"{}\" is not one of {}", node.text.substr(0, 40), fmt::join(names, ", ")),
      near ? fmt::format("did you mean \"{}\"?", *near) : std::string());
  return std::nullopt;
}

void Codec<std::string>::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                                std::string& out) {
  if (!isScalarOf(node, ScalarType::kString)) return decoder.wrongType(node, at, "a string");
  out = node.text;
}

void Codec<bool>::decode(Decoder& decoder, const YamlNode& node, const Location& at, bool& out) {
  if (!isScalarOf(node, ScalarType::kBool)) return decoder.wrongType(node, at, "a boolean");
  out = boolValue(node.text);
}

void Codec<double>::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                           double& out) {
  if (!isScalarOf(node, ScalarType::kInteger) && !isScalarOf(node, ScalarType::kFloat)) {
    return decoder.wrongType(node, at, "a number");
  }
  const auto value = floatValue(node.text);
  if (!value) return decoder.invalid(at, "must be a finite number");
  out = *value;
}

void Codec<std::chrono::nanoseconds>::decode(Decoder& decoder, const YamlNode& node,
                                             const Location& at, std::chrono::nanoseconds& out) {
  if (!isScalarOf(node, ScalarType::kString)) {
    return decoder.wrongType(node, at, "a duration with a unit, such as 5s");
  }
  const auto duration = parseDuration(node.text);
  if (!duration) {
    return decoder.invalid(at, fmt::format("\"{}\" is no duration", node.text.substr(0, 40)),
                           "write a number with its unit: 100ms, 5s, 1m30s, 1h");
  }
  out = *duration;
}

void Codec<std::chrono::sys_seconds>::decode(Decoder& decoder, const YamlNode& node,
                                             const Location& at, std::chrono::sys_seconds& out) {
  if (!isScalarOf(node, ScalarType::kString)) return decoder.wrongType(node, at, "a time");
  const auto time = parseTime(node.text);
  if (!time) {
    return decoder.invalid(at, fmt::format("\"{}\" is no time", node.text.substr(0, 40)),
                           "write it as RFC 3339 does: 2026-01-01T00:00:00Z");
  }
  out = *time;
}

YamlNodePtr Codec<double>::encode(double value) { return plainNode(fmt::format("{}", value)); }

YamlNodePtr Codec<std::chrono::nanoseconds>::encode(std::chrono::nanoseconds value) {
  return stringNode(durationText(value));
}

YamlNodePtr Codec<std::chrono::sys_seconds>::encode(std::chrono::sys_seconds value) {
  return stringNode(timeText(value));
}

std::string sameKey(std::string_view key) { return std::string(key); }

std::string lowerCaseKey(std::string_view key) {
  std::string lower(key);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

void Codec<Labels>::decode(Decoder& decoder, const YamlNode& node, const Location& at,
                           Labels& out) {
  std::map<std::string, std::string> values;
  Codec<decltype(values)>::decode(decoder, node, at, values);
  for (auto& [name, value] : values) out[name] = std::move(value);
}

YamlNodePtr Codec<Labels>::encode(const Labels& labels) {
  MapBuilder map;
  for (const auto& [name, value] : labels) map.add(name, stringNode(value));
  return std::move(map).take();
}

}  // namespace sluice::source
