// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/proxy/load.h"

namespace sluice::test {

/// What is measured in one go.
struct Scenario {
  std::string id;     ///< for programs; stays when the name changes
  std::string name;   ///< for people
  std::string group;  ///< scenarios that stand in one table
  Load load;
  std::vector<Contender> contenders;
};

/// By contender; one sample of each round.
using Samples = std::map<std::string, std::vector<Sample>>;

/// Of each contender medians over the rounds, the best rate, memory as it is now, and, for all but
/// `base`, base's rate, 99th percentile and CPU time as ratios to theirs over the pairs of rounds.
nlohmann::json figuresOf(const Scenario& scenario, const Samples& samples, const std::string& base);

/// Two lines of head, then one for each contender.
std::string textOf(const nlohmann::json& figures);

}  // namespace sluice::test
