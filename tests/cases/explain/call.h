// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "tests/cases/runner/case.h"
#include "tests/support/process.h"

namespace sluice::test {

/// What is asked and where its answer comes from.
struct ExplainSetup {
  std::string sluicectl;          ///< the program
  std::filesystem::path cases;    ///< folder of cases.yaml
  std::string http_mode;          ///< "istio" or "service"
  std::filesystem::path scratch;  ///< for the mesh-wide settings of a case
};

/// The command line of `sluicectl explain` that asks what happens to a case's request. A client is
/// the pod of that name in the registry.
Result<Arguments> explainCall(const ExplainSetup& setup, const Case& test);

/// Why only traffic can tell whether the case holds; empty when explaining can. What servers do,
/// time, and what depends on earlier requests is not in any rule.
std::string needsTraffic(const Case& test);

}  // namespace sluice::test
