// SPDX-License-Identifier: Apache-2.0
// Every response to a GET that we accept, another parser reads alike: status, fields, body, end.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http1_other.h"

using namespace sluice::fuzz;
using namespace sluice::http1;

namespace {

/// The other parser reads a body behind 1xx, 204 and 304 if a field announces one. RFC 9112 §6.3,
/// rule 1: there is none.
bool announcesABodyInVain(const ResponseHead& head) {
  return head.bodyKind(false) == BodyKind::kNone &&
         (head.fields.chunked || head.fields.content_length > 0);
}

/// Whether `bytes` start with a whole response, by our reading.
bool readOurs(std::string_view bytes, Http1Message& message, bool& until_close) {
  static ResponseHead head;
  const Parsed parsed = parseResponse(bytes, 0, head);
  if (!parsed.complete() || confusesTheOther(head.fields.headers)) return false;
  // What follows is not HTTP.
  if (head.status == 101 || announcesABodyInVain(head)) return false;
  const BodyKind kind = head.bodyKind(false);
  until_close = kind == BodyKind::kUntilClose;
  message.start = std::to_string(head.status);
  addFields(head.fields.headers, message);
  return readBody(bytes, parsed.consumed, kind, head.fields.content_length, message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Http1Message ours;
  bool until_close = false;
  if (!readOurs(bytes, ours, until_close)) return 0;
  OtherParser other(HTTP_RESPONSE);
  const auto error = other.read(bytes.substr(0, ours.size), until_close);
  if (error != HPE_OK) std::fprintf(stderr, "%s\n", http_errno_description(error));
  FUZZ_REQUIRE(error == HPE_OK);
  FUZZ_REQUIRE(other.messages() == 1);
  FUZZ_REQUIRE(other.message() == ours);
  return 0;
}
