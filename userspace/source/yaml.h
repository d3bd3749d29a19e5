// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "userspace/source/node.h"

namespace sluice::source {

/// Why a text is no YAML that we take.
struct YamlError {
  const char* code;  ///< code::kYaml, kDuplicateKey, kLimit
  Place place;
  std::string message;
  std::string hint;
};

/// The documents of a file, in order, without the empty ones.
using Documents = std::vector<NodePtr>;

/// Reads YAML strictly: UTF-8, within limits.h, no key twice, keys are scalars, no merge keys, no
/// tags but `!!str`. Nothing is returned of a text that is wrong somewhere: a file that is being
/// written must not take effect by halves.
std::variant<Documents, YamlError> parseYaml(std::string_view text);

}  // namespace sluice::source
