// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/source/yaml_node.h"

namespace sluice::source {

/// What an unquoted word means to Kubernetes, whose reader is YAML 1.1: `n`, `on` and `off` are
/// booleans, `5` is no string. Quoted words are strings always.
enum class ScalarType {
  kNull,
  kBool,
  kInteger,        ///< decimal, as JSON writes it
  kUnclearNumber,  ///< 010, 0x1F, 0b1, 1_000: a number whose value readers disagree about
  kFloat,
  kString,  ///< also what looks like a number and is too large for one, such as 38e6201
};

ScalarType scalarType(const YamlNode& node);
ScalarType plainScalarType(std::string_view text);

/// An unquoted key as Kubernetes has it once it is JSON: `y` is "true", `010` is "8", `1.50` is
/// "1.5".
std::string keyText(std::string_view text);

/// A null, unquoted: nothing, `~`, `null`.
bool isNullValue(const YamlNode& node);

/// Only for kBool.
bool boolValue(std::string_view text);
/// Of kInteger, or of a kFloat without a fraction; nothing when it does not fit.
std::optional<int64_t> integerValue(std::string_view text);
/// Of kInteger or kFloat; nothing for infinities and what is no number.
std::optional<double> floatValue(std::string_view text);

/// "a string", "a boolean", "a list": for messages.
const char* describeValue(const YamlNode& node);

}  // namespace sluice::source
