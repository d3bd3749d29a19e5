// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tests/cases/runner/case.h"
#include "tests/cases/runner/case_lab.h"
#include "tests/cases/runner/world.h"

namespace sluice::test {

/// What was not as the case expects it, each as "what is, what should be"; empty: it passes. An
/// expectation that nobody here can check is a problem, too.
std::vector<std::string> problemsOf(const Case& test, const Outcome& outcome, const World& world);

}  // namespace sluice::test
