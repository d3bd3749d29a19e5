// SPDX-License-Identifier: Apache-2.0
// What each key of an expectation means. A check adds what is wrong to `problems`.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/cases/runner/case.h"
#include "tests/cases/runner/case_lab.h"
#include "tests/cases/runner/world.h"

namespace sluice::test {

/// What a check looks at.
struct Evidence {
  const Case& test;
  const Outcome& outcome;
  const World& world;
  std::vector<std::string> problems;

  template <typename... Arguments>
  void problem(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    problems.push_back(fmt::format(format, std::forward<Arguments>(arguments)...));
  }
};

using Check = void (*)(Evidence& evidence, const nlohmann::json& expected);
using Checks = std::map<std::string, Check>;

/// `action` and the keys that say where requests go.
const Checks& destinationChecks();
/// What the client sees.
const Checks& answerChecks();
/// What the backends see.
const Checks& backendChecks();
/// What holds although no single request shows it.
const Checks& policyChecks();

/// How many exchanges each backend has answered, by its address; "" of those that none has.
std::map<std::string, size_t> tallyOf(const Outcome& outcome);

/// All fields of that name, joined by commas; without value when there is none.
std::optional<std::string> fieldOf(const HttpHeaders& headers, std::string_view name);

}  // namespace sluice::test
