// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "userspace/proxy/http1/scanner.h"

namespace sluice::http1 {

namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n";

/// TLS records of type handshake, and what an HTTP/2 client with prior knowledge sends first.
bool isOtherProtocol(std::string_view bytes) {
  if (bytes.size() >= 2 && bytes[0] == '\x16' && bytes[1] == '\x03') return true;
  return bytes.starts_with(kHttp2Preface);
}

/// The bytes of the host at the start of `text`: an address in brackets, or a name. 0: none.
size_t hostSize(std::string_view text) {
  if (text.front() != '[') return std::min(text.find_first_of(":[]"), text.size());
  const size_t bracket = text.find(']');
  return bracket == text.npos || bracket == 1 ? 0 : bracket + 1;
}

/// A host and perhaps a port. User information is no part of it (RFC 9110 §4.2.4).
bool isAuthority(std::string_view text) {
  if (!allAre(kHostByte, text)) return false;
  const size_t host = hostSize(text);
  const std::string_view port = text.substr(host);
  if (host == 0 || port.empty()) return host > 0;
  return port.front() == ':' && (port.size() == 1 || allAre(kDigit, port.substr(1)));
}

bool absoluteTarget(RequestHead& head) {
  constexpr std::string_view kScheme = "http://";
  if (!equalsIgnoringCase(head.target.substr(0, kScheme.size()), kScheme)) return false;
  const std::string_view rest = head.target.substr(kScheme.size());
  const size_t slash = rest.find_first_of("/?");
  head.form = TargetForm::kAbsolute;
  head.authority = rest.substr(0, slash);
  head.path = slash == rest.npos ? "/" : rest.substr(slash);
  // RFC 9112 §3.2.4: without a path, OPTIONS asks about the server.
  if (slash == rest.npos && head.method == "OPTIONS") head.path = "*";
  return head.path.front() != '?';
}

/// RFC 9112 §3.2.
Refusal examineTarget(RequestHead& head) {
  if (head.method == "CONNECT") return Refusal::kConnect;
  head.path = head.target;
  if (head.target.front() == '/') {
    head.form = TargetForm::kOrigin;
    return Refusal::kNone;
  }
  if (head.target == "*" && head.method == "OPTIONS") {
    head.form = TargetForm::kAsterisk;
    return Refusal::kNone;
  }
  return absoluteTarget(head) ? Refusal::kNone : Refusal::kBadTarget;
}

/// RFC 9112 §3.2: one valid Host, even if an absolute target overrides it.
Refusal examineHost(RequestHead& head) {
  const Fields& fields = head.fields;
  if (fields.hosts > 1) return Refusal::kHostTwice;
  if (fields.hosts == 0 && head.minor_version == 1) return Refusal::kHostMissing;
  if (fields.hosts == 1 && !isAuthority(fields.host)) return Refusal::kBadHost;
  if (head.form != TargetForm::kAbsolute) head.authority = fields.host;
  if (head.form == TargetForm::kAbsolute && !isAuthority(head.authority)) {
    return Refusal::kBadTarget;
  }
  return Refusal::kNone;
}

Refusal examine(RequestHead& head) {
  if (const Refusal why = examineTarget(head); why != Refusal::kNone) return why;
  if (const Refusal why = examineFields(head.fields, head.minor_version); why != Refusal::kNone) {
    return why;
  }
  return examineHost(head);
}

bool requestLine(Scanner& scanner, RequestHead& head) {
  return scanner.until(' ', kToken, Refusal::kBadMethod, head.method) &&
         scanner.until(' ', kTargetByte, Refusal::kBadTarget, head.target) &&
         scanner.version(head.version, head.minor_version) && scanner.lineEnd();
}

}  // namespace

Parsed parseRequest(std::string_view bytes, size_t last_size, RequestHead& head) {
  if (isOtherProtocol(bytes)) return {.refusal = Refusal::kNotHttp1};
  if (last_size > 0) {
    bool worth_a_try = false;
    const Parsed early = stillPartial(bytes, last_size, worth_a_try);
    if (early.refused() || !worth_a_try) return early;
  }
  head.authority = {};
  head.fields.reset();
  Scanner scanner(bytes);
  const bool started = scanner.skipEmptyLine();
  const size_t skipped = scanner.position();
  const bool complete =
      started && requestLine(scanner, head) && scanner.headers(head.fields.headers);
  Parsed parsed = conclude(scanner, complete, bytes);
  parsed.skipped = skipped;
  if (parsed.complete()) {
    if (const Refusal why = examine(head); why != Refusal::kNone) return {.refusal = why};
  }
  return parsed;
}

bool isIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE" ||
         method == "PUT" || method == "DELETE";
}

}  // namespace sluice::http1
