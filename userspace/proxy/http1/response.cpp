// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http1/scanner.h"

namespace sluice::http1 {

namespace {

bool statusCode(Scanner& scanner, int& status) {
  status = 0;
  for (int i = 0; i < 3; ++i) {
    char digit = 0;
    if (!scanner.digit(Refusal::kBadStatus, digit)) return false;
    status = status * 10 + (digit - '0');
  }
  return status >= 100 || scanner.refuse(Refusal::kBadStatus);
}

/// RFC 9112 §4 wants a space after the code; "HTTP/1.1 200" without one is common and harmless.
bool reasonPhrase(Scanner& scanner, std::string_view& reason) {
  if (!scanner.restOfLine(reason)) return false;
  if (!reason.empty() && reason.front() != ' ') return scanner.refuse(Refusal::kBadStatus);
  if (!reason.empty()) reason.remove_prefix(1);
  return true;
}

bool statusLine(Scanner& scanner, ResponseHead& head) {
  return scanner.version(head.version, head.minor_version) &&
         scanner.literal(' ', Refusal::kBadStartLine) && statusCode(scanner, head.status) &&
         reasonPhrase(scanner, head.reason);
}

/// RFC 9110 §15.2, §15.3.5: a body there would be read as the next response by one of two readers.
Refusal examine(ResponseHead& head) {
  Fields& fields = head.fields;
  if (const Refusal why = examineFields(fields, head.minor_version); why != Refusal::kNone) {
    return why;
  }
  const bool bodiless = head.isInformational() || head.status == 204;
  const bool promises_body = fields.chunked || fields.content_length > 0;
  return bodiless && promises_body ? Refusal::kBodyOnBodiless : Refusal::kNone;
}

}  // namespace

BodyKind ResponseHead::bodyKind(bool to_head_request) const {
  if (to_head_request || isInformational() || status == 204 || status == 304) {
    return BodyKind::kNone;
  }
  if (fields.chunked) return BodyKind::kChunked;
  if (!fields.has_length) return BodyKind::kUntilClose;
  return fields.content_length > 0 ? BodyKind::kLength : BodyKind::kNone;
}

Parsed parseResponse(std::string_view bytes, size_t last_size, ResponseHead& head) {
  if (last_size > 0) {
    bool worth_a_try = false;
    const Parsed early = stillPartial(bytes, last_size, worth_a_try);
    if (early.refused() || !worth_a_try) return early;
  }
  head.fields.reset();
  Scanner scanner(bytes);
  const bool complete = statusLine(scanner, head) && scanner.headers(head.fields.headers);
  const Parsed parsed = conclude(scanner, complete, bytes);
  if (parsed.complete()) {
    if (const Refusal why = examine(head); why != Refusal::kNone) return {.refusal = why};
  }
  return parsed;
}

}  // namespace sluice::http1
