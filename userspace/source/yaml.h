// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "userspace/source/yaml_node.h"

namespace sluice::source {

/// Why a text is no YAML that we take.
struct YamlError {
  const char* code;  ///< code::kYaml, kLimit
  Place place;
  std::string message;
  std::string hint;
};

/// The documents of a file, in order, without the empty ones.
using Documents = std::vector<YamlNodePtr>;

/// Reads YAML strictly: UTF-8, within limits.h, keys are scalars, no merge keys, no tags but
/// `!!str`. Keys that a mapping has twice are kept and marked: which resource they are in, the
/// reader of the resources knows. Nothing is returned of a text that is wrong somewhere: a file
/// that is being written must not take effect by halves.
std::variant<Documents, YamlError> parseYaml(std::string_view text);

}  // namespace sluice::source
