// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "tests/cases/runner/case.h"

namespace sluice::test {

/// Whether an expectation is about policies that no single request shows.
bool wantsExplanation(const Case& test);

/// What `sluicectl explain -o json` says of the case's request with the resources in `directory`.
/// `from`: the client as "namespace/name".
Result<nlohmann::json> explain(const Case& test, const std::filesystem::path& directory,
                               const std::string& from);

}  // namespace sluice::test
