// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/config_checks.h"

#include "tests/fuzz/fuzz.h"
#include "userspace/model/codes.h"
#include "userspace/source/kinds.h"

namespace sluice::test {
namespace {

void checkRoundTrip(const source::Resource& resource, const Position& position) {
  const auto written = source::encodeResource(resource);
  source::Findings findings(position.file, written.get());
  LabelPool pool;
  const auto read = source::kindOf(resource).decode(*written, position, pool, findings);
  FUZZ_REQUIRE(read && source::sameContent(*read, resource));
}

}  // namespace

source::SourceFile fileOf(const uint8_t* data, size_t size) {
  return {"fuzz.yaml", std::string(data, data + size), std::nullopt};
}

void checkDiagnostics(const Diagnostics& diagnostics) {
  for (const auto& diagnostic : diagnostics) {
    FUZZ_REQUIRE(findCode(diagnostic.code) != nullptr);
    FUZZ_REQUIRE(!diagnostic.message.empty() && !diagnostic.position.file.empty());
  }
}

void checkDocument(const source::Document& document) {
  FUZZ_REQUIRE(document.resource().has_value() != hasError(document.diagnostics()));
  FUZZ_REQUIRE(!document.id().kind.empty() && !document.id().name.empty());
  checkDiagnostics(document.diagnostics());
  for (const auto& finding : document.diagnostics()) FUZZ_REQUIRE(finding.position.line > 0);
  if (document.resource()) checkRoundTrip(*document.resource(), document.position());
}

}  // namespace sluice::test
