// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "userspace/observe/json.h"

namespace sluice::cli {

/// `json` as a YAML document in block style. Strings are written as JSON writes them, which YAML
/// 1.2 reads the same; no reader can take them for a number or a boolean.
std::string yamlText(const observe::Json& json);

}  // namespace sluice::cli
