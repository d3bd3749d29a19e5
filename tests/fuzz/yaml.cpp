// SPDX-License-Identifier: Apache-2.0
// A file from anybody: it must be refused or understood, in bounded time, and never half of both.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "userspace/source/resource_store.h"

namespace sluice::source {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// What is not in use says why, at a place in the file.
void checkDocument(const Document& document) {
  require(document.resource.has_value() != hasError(document.diagnostics));
  require(!document.id.kind.empty() && !document.id.name.empty());
  for (const auto& finding : document.diagnostics) {
    require(!finding.code.empty() && !finding.message.empty() && finding.position.line > 0);
  }
}

}  // namespace
}  // namespace sluice::source

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::source;
  const SourceFile file{"fuzz.yaml", std::string(data, data + size), std::nullopt};
  const DecodedFile decoded = decodeFile(file);
  for (const Document& document : decoded.documents) checkDocument(document);
  require(decoded.readable || !decoded.complete);
  ResourceStore store;
  store.update({file});
  require(!store.update({file}));
  return 0;
}
