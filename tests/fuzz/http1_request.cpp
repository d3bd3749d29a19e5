// SPDX-License-Identifier: Apache-2.0
// A request's head: the same verdict however it arrives, and what is passed on is accepted again.
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "userspace/proxy/http1/forward.h"
#include "userspace/proxy/http1/head.h"

using namespace sluice::http1;

namespace {

void checkForwarded(const RequestHead& head, std::string_view bytes) {
  std::string out;
  if (!rewriteRequest(head, bytes, "default.host", out)) return;
  FUZZ_REQUIRE(out.size() <= bytes.size() + kMaxHeadGrowth + 12);
  static RequestHead again;
  const Parsed parsed = parseRequest(out, 0, again);
  FUZZ_REQUIRE(parsed.consumed == out.size());
  FUZZ_REQUIRE(again.form != TargetForm::kAbsolute && again.minor_version == 1);
  FUZZ_REQUIRE(again.fields.chunked == head.fields.chunked);
  FUZZ_REQUIRE(again.fields.content_length == head.fields.content_length);
  FUZZ_REQUIRE(!again.fields.close);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static RequestHead head;
  for (size_t last = 0; last < size; last += 1 + size / 16) {
    const Parsed slow = parseRequest(bytes, last, head);
    FUZZ_REQUIRE(!(slow.complete() && slow.refused()));
  }
  const Parsed parsed = parseRequest(bytes, 0, head);
  if (!parsed.complete()) return 0;
  FUZZ_REQUIRE(parsed.consumed <= size && parsed.skipped < parsed.consumed);
  const std::string_view whole = bytes.substr(0, parsed.consumed);
  checkForwarded(head, whole.substr(parsed.skipped));
  FUZZ_REQUIRE(!parseRequest(whole.substr(0, whole.size() - 1), 0, head).complete());
  FUZZ_REQUIRE(parseRequest(bytes, parsed.consumed - 1, head).consumed == parsed.consumed);
  return 0;
}
