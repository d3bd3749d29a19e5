// SPDX-License-Identifier: Apache-2.0
// Sequences of random changes that a property must survive, and the fewest that it does not.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/routing/random_mesh.h"

namespace sluice::test {

/// A change of the mesh; those that are taken over together have one update.
struct Step {
  uint32_t seed;
  bool more_follow;
};
using Steps = std::vector<Step>;

/// Follows the steps from an empty mesh; what is wrong after which, or nothing.
using Property = std::function<std::optional<std::string>(const Steps&)>;

inline Steps stepsOf(uint32_t seed, int count) {
  std::mt19937 random(seed);
  Steps steps;
  for (int i = 0; i < count; ++i)
    steps.push_back({static_cast<uint32_t>(random()), random() % 4 == 0});
  steps.back().more_follow = false;
  return steps;
}

/// Leaves out what is not needed to fail: halves first, single steps at last.
inline Steps shrunk(Steps steps, const Property& failure_of) {
  for (size_t length = steps.size() / 2; length > 0; length /= 2) {
    for (size_t first = 0; first + length <= steps.size();) {
      auto fewer = steps;
      const auto at = fewer.begin() + static_cast<std::ptrdiff_t>(first);
      fewer.erase(at, at + static_cast<std::ptrdiff_t>(length));
      if (!fewer.empty() && failure_of(fewer))
        steps = std::move(fewer);
      else
        first += length;
    }
  }
  return steps;
}

inline std::string textOf(const Steps& steps) {
  RandomMesh mesh;
  std::string text;
  for (const auto& step : steps)
    text += "  " + std::to_string(step.seed) + ": " + mesh.step(step.seed) +
            (step.more_follow ? ", together with" : "") + "\n";
  return text;
}

/// Seeds from `first` to `last`, or those that SLUICE_SEEDS=FIRST-LAST says.
inline std::vector<uint32_t> seedsFrom(uint32_t first, uint32_t last) {
  if (const char* wanted = std::getenv("SLUICE_SEEDS")) {
    char* end = nullptr;
    first = last = static_cast<uint32_t>(std::strtoul(wanted, &end, 10));
    if (*end == '-') last = static_cast<uint32_t>(std::strtoul(end + 1, nullptr, 10));
  }
  std::vector<uint32_t> seeds;
  for (auto seed = first; seed <= last; ++seed) seeds.push_back(seed);
  return seeds;
}

/// A failure of the test, with the fewest steps, when the property fails for one of the seeds.
inline void holdsForEach(const std::vector<uint32_t>& seeds, int count,
                         const Property& failure_of) {
  for (const auto seed : seeds) {
    const auto steps = stepsOf(seed, count);
    if (!failure_of(steps)) continue;
    const auto fewer = shrunk(steps, failure_of);
    FAIL() << "seed " << seed << ": " << *failure_of(fewer) << "\n" << textOf(fewer);
  }
}

}  // namespace sluice::test
