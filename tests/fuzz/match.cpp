// SPDX-License-Identifier: Apache-2.0
// Random rules, random requests: the compiled tables and the plain walk over the conditions choose
// the same rule.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/match_cases.h"
#include "userspace/routing/matcher.h"
#include "userspace/routing/matcher_reference.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  test::Choices choices({data, size});
  const auto rules = test::randomRules(choices);
  const auto reference = routing::ReferenceMatcher::compile(rules);
  const auto matcher = routing::Matcher::compile(rules);
  FUZZ_REQUIRE(reference.ok() && matcher.ok());
  for (int i = 0; i < 16; ++i) {
    auto request = test::randomRequest(choices);
    const auto view = request.view();
    const routing::Subject subject(view);
    FUZZ_REQUIRE((*matcher)->firstMatch(view) == reference->firstMatch(subject));
    if (choices.usedUp()) break;
  }
  return 0;
}
