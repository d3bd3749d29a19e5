// SPDX-License-Identifier: Apache-2.0
// A response's head, likewise.
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "userspace/proxy/http1/forward.h"
#include "userspace/proxy/http1/head.h"

using namespace sluice::http1;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static ResponseHead head, again;
  const Parsed parsed = parseResponse(bytes, 0, head);
  if (!parsed.complete()) return 0;
  FUZZ_REQUIRE(parsed.consumed <= size);
  std::string out;
  for (const bool close : {false, true}) {
    const std::string_view whole = bytes.substr(0, parsed.consumed);
    if (!rewriteResponse(head, whole, {.close = close}, out)) continue;
    FUZZ_REQUIRE(out.size() <= whole.size() + kMaxHeadGrowth);
    FUZZ_REQUIRE(parseResponse(out, 0, again).consumed == out.size());
    FUZZ_REQUIRE(again.status == head.status && again.bodyKind(false) == head.bodyKind(false));
    FUZZ_REQUIRE(again.fields.content_length == head.fields.content_length);
    FUZZ_REQUIRE(again.fields.close == close);
  }
  return 0;
}
