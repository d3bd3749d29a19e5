// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sluice::test {

/// Where the explanation says something else than the case expects, one sentence each. Keys of
/// `expect` that only traffic can show (times, counts, what servers received) are left alone.
std::vector<std::string> differences(const nlohmann::json& expect,
                                     const nlohmann::json& explanation);

}  // namespace sluice::test
