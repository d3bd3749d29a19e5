// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "tests/cases/runner/play.h"

namespace sluice::test {

struct Scores {
  size_t passed = 0;
  size_t failed = 0;
};

/// Plays the cases by `jobs` processes, each with a lab of its own: most of a case is waiting.
/// `print` gets one line per case, in the order in which they end.
Result<Scores> playInParallel(size_t jobs, const std::vector<Case>& cases,
                              const std::filesystem::path& directory, const std::string& http_mode,
                              const std::function<void(const std::string&)>& print);

}  // namespace sluice::test
