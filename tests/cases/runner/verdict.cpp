// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/verdict.h"

#include "tests/cases/runner/checks.h"

namespace sluice::test {
namespace {

Check checkOf(const std::string& key) {
  for (const auto* checks :
       {&destinationChecks(), &answerChecks(), &backendChecks(), &policyChecks()})
    if (const auto found = checks->find(key); found != checks->end()) return found->second;
  return nullptr;
}

}  // namespace

std::vector<std::string> problemsOf(const Case& test, const Outcome& outcome, const World& world) {
  Evidence evidence{test, outcome, world, {}};
  for (const auto& [key, expected] : test.expect.items()) {
    if (const Check check = checkOf(key))
      check(evidence, expected);
    else
      evidence.problem("the runner cannot check {}", key);
  }
  return std::move(evidence.problems);
}

}  // namespace sluice::test
