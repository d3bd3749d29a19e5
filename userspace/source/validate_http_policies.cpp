// SPDX-License-Identifier: Apache-2.0
// Faults, retries and CORS.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "userspace/source/validate_common.h"
#include "userspace/source/validate_http_actions.h"

namespace sluice::source {
namespace {

/// Envoy: x-envoy-retry-on and x-envoy-retry-grpc-on.
constexpr std::array<std::string_view, 16> kRetryConditions = {
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
};

constexpr std::array<std::string_view, 10> kCorsMethods = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"};

template <size_t n>
bool isOneOf(std::string_view word, const std::array<std::string_view, n>& words) {
  return std::ranges::find(words, word) != words.end();
}

/// Statuses that have a name (IANA's registry, without the unused 306).
bool isNamedStatus(int status) {
  struct Range {
    int first, last;
  };
  static constexpr std::array<Range, 13> kNamed = {{{100, 103},
                                                    {200, 208},
                                                    {226, 226},
                                                    {300, 305},
                                                    {307, 308},
                                                    {400, 418},
                                                    {421, 426},
                                                    {428, 429},
                                                    {431, 431},
                                                    {451, 451},
                                                    {500, 508},
                                                    {510, 510},
                                                    {511, 511}}};
  return std::ranges::any_of(kNamed, [status](const Range& range) {
    return range.first <= status && status <= range.last;
  });
}

bool isRetryStatus(std::string_view word) {
  int status = 0;
  const auto end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data(), end, status);
  return error == std::errc() && rest == end && isNamedStatus(status);
}

/// Istio: the list is split at commas and not trimmed.
void checkRetryOn(std::string_view conditions, const FieldPath& path, Findings& findings) {
  while (true) {
    const auto comma = conditions.find(',');
    const std::string_view word = conditions.substr(0, comma);
    if (!isOneOf(word, kRetryConditions) && !isRetryStatus(word)) {
      findings.invalid(
          path,
          fmt::format("\"{}\" is neither a retry condition nor an HTTP status", word.substr(0, 63)),
          word.find(' ') == std::string_view::npos ? "" : "write no spaces around the commas");
    }
    if (comma == std::string_view::npos) return;
    conditions.remove_prefix(comma + 1);
  }
}

/// Istio: "http retry policy configured when attempts are set to 0".
void checkDisabledRetries(const HttpRetry& retries, const FieldPath& path, Findings& findings) {
  const bool configured =
      retries.per_try_timeout || !retries.retry_on.empty() || retries.retry_remote_localities;
  if (retries.attempts != 0 || !configured) return;
  findings.invalid(path, "attempts: 0 switches retries off, so nothing else may be set",
                   "set attempts, or remove the other fields");
}

void checkAbort(const Abort& abort, const FieldPath& path, Findings& findings) {
  if (abort.http_status) checkHttpStatus(*abort.http_status, path / "httpStatus", findings);
  if (!abort.http2_error.empty()) {
    findings.invalid(path / "http2Error", "is not supported by Istio", "write httpStatus");
  }
}

void checkDelay(const Delay& delay, const FieldPath& path, Findings& findings) {
  if (delay.exponential_delay) {
    return findings.invalid(path / "exponentialDelay", "is not supported by Istio",
                            "write fixedDelay");
  }
  // Of length 0 it has none; Istio takes that.
  if (delay.fixed_delay != std::chrono::nanoseconds(0)) {
    checkDuration(delay.fixed_delay, path / "fixedDelay", findings);
  }
}

/// Istio: validateAllowOrigins.
void checkOrigins(const std::vector<StringMatch>& origins, const FieldPath& path,
                  Findings& findings) {
  for (size_t i = 0; i < origins.size(); ++i) {
    const StringMatch& origin = origins[i];
    if (origin.value.empty()) {
      findings.invalid(path[i], "an origin must not be empty", "write exact, prefix or regex");
    } else if (origin.kind == StringMatch::Kind::kRegex) {
      checkRegex(origin.value, path[i], findings);
    }
  }
}

/// Istio: validateCORSHTTPMethod.
Complaint checkCorsMethod(std::string_view method) {
  if (isOneOf(method, kCorsMethods)) return std::nullopt;
  return fmt::format("is none of {}", fmt::join(kCorsMethods, ", "));
}

/// Istio: ValidateCORSHTTPHeaderName; "*" is a token, too.
void checkEach(const std::vector<std::string>& words, Complaint (*check)(std::string_view),
               std::string_view hint, const FieldPath& path, Findings& findings) {
  const FieldPath whole = path.asWhole();
  for (size_t i = 0; i < words.size(); ++i) {
    reportInvalid(findings, whole[i], words[i], check(words[i]), hint);
  }
}

/// Istio: "max_age duration is accurate only to seconds precision".
void checkMaxAge(std::chrono::nanoseconds max_age, const FieldPath& path, Findings& findings) {
  using std::chrono::seconds;
  if (max_age < seconds(1) || max_age % seconds(1) != seconds(0)) {
    findings.invalid(path, "must be a whole number of seconds, at least 1s");
  }
}

}  // namespace

void checkFault(const HttpFaultInjection& fault, const FieldPath& path, Findings& findings) {
  if (!fault.delay && !fault.abort) findings.invalid(path, "needs a delay or an abort");
  if (fault.delay) checkDelay(*fault.delay, path / "delay", findings);
  if (fault.abort) checkAbort(*fault.abort, path / "abort", findings);
}

void checkRetries(const HttpRetry& retries, const FieldPath& path, Findings& findings) {
  if (retries.attempts < 0) findings.invalid(path / "attempts", "must not be negative");
  checkDisabledRetries(retries, path, findings);
  checkDuration(retries.per_try_timeout, path / "perTryTimeout", findings);
  checkDuration(retries.backoff, path / "backoff", findings);
  if (!retries.retry_on.empty()) checkRetryOn(retries.retry_on, path / "retryOn", findings);
}

void checkCors(const CorsPolicy& cors, const FieldPath& path, Findings& findings) {
  checkOrigins(cors.allow_origins, (path / "allowOrigins").asWhole(), findings);
  checkEach(cors.allow_methods, checkCorsMethod, "methods are in upper case", path / "allowMethods",
            findings);
  checkEach(cors.allow_headers, checkHeaderName, hint::kHeaderName, path / "allowHeaders",
            findings);
  checkEach(cors.expose_headers, checkHeaderName, hint::kHeaderName, path / "exposeHeaders",
            findings);
  if (cors.max_age) checkMaxAge(*cors.max_age, path / "maxAge", findings);
}

}  // namespace sluice::source
