// SPDX-License-Identifier: Apache-2.0
// Every request that we accept, another parser reads alike: method, target, fields, body, end. What
// the other one refuses by a rule of its own (methods it does not know, stricter targets) says
// nothing.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http1_other.h"

using namespace sluice::fuzz;
using namespace sluice::http1;

namespace {

/// Whether `bytes` start with a whole request, by our reading.
bool readOurs(std::string_view bytes, Http1Message& message) {
  static RequestHead head;
  const Parsed parsed = parseRequest(bytes, 0, head);
  if (!parsed.complete() || confusesTheOther(head.fields.headers)) return false;
  message.start = std::string(head.method) + " " + std::string(head.target);
  addFields(head.fields.headers, message);
  return readBody(bytes, parsed.consumed, head.bodyKind(), head.fields.content_length, message);
}

bool isTaste(http_errno error) { return error == HPE_INVALID_METHOD || error == HPE_INVALID_URL; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Http1Message ours;
  if (!readOurs(bytes, ours)) return 0;
  OtherParser other(HTTP_REQUEST);
  const auto error = other.read(bytes.substr(0, ours.size), false);
  if (isTaste(error)) return 0;
  if (error != HPE_OK) std::fprintf(stderr, "%s\n", http_errno_description(error));
  FUZZ_REQUIRE(error == HPE_OK);
  FUZZ_REQUIRE(other.messages() == 1);
  FUZZ_REQUIRE(other.message() == ours);
  return 0;
}
