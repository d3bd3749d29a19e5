// SPDX-License-Identifier: Apache-2.0
// A file from anybody: it must be refused or understood, and never half of both.
#include "tests/fuzz/config_checks.h"
#include "tests/fuzz/fuzz.h"
#include "userspace/source/resource_store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const auto file = test::fileOf(data, size);
  const test::CostGuard guard(size, test::kReadingLimits);
  const auto decoded = source::decodeFile(file);
  for (const auto& document : decoded.documents) test::checkDocument(document);
  test::checkDiagnostics(decoded.diagnostics);
  FUZZ_REQUIRE(decoded.readable || !decoded.complete);
  source::ResourceStore store;
  store.update({file});
  FUZZ_REQUIRE(!store.update({file}));
  return 0;
}
