// SPDX-License-Identifier: Apache-2.0
// Everything that `sluicectl analyze` says of a file: the rules for one resource, and those for
// several together.
#include <algorithm>
#include <tuple>

#include "tests/fuzz/config_checks.h"
#include "tests/fuzz/fuzz.h"
#include "userspace/analysis/analyze.h"

namespace sluice::test {
namespace {

auto placeOf(const Diagnostic& diagnostic) {
  const auto& at = diagnostic.position;
  return std::tie(at.file, at.line, at.column, diagnostic.code);
}

void checkOrder(const Diagnostics& diagnostics) {
  FUZZ_REQUIRE(std::ranges::is_sorted(diagnostics, {}, placeOf));
}

}  // namespace
}  // namespace sluice::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const test::CostGuard guard(size, test::kReadingLimits);
  const auto analysis = analysis::analyzeFiles({test::fileOf(data, size)}, {});
  test::checkDiagnostics(analysis.diagnostics);
  test::checkOrder(analysis.diagnostics);
  FUZZ_REQUIRE(analysis.suppressed == 0 || size > 0);
  return 0;
}
