// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "userspace/base/result.h"

namespace sluice::test {

/// The documents of a YAML file as JSON, empty ones left out. Deliberately not the reader that is
/// under test: files of cases are well-formed, and a quoted scalar is a string.
Result<std::vector<nlohmann::json>> readYaml(const std::filesystem::path& file);

/// A scalar as it would be written: 5 of 5, "a" of "a"; empty of null.
std::string scalarText(const nlohmann::json& value);

}  // namespace sluice::test
