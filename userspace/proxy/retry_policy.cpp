// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/retry_policy.h"

#include <algorithm>
#include <charconv>

#include "userspace/model/grpc_status.h"
#include "userspace/proxy/http1/chars.h"
#include "userspace/routing/retry_default.h"

namespace sluice::proxy {

namespace {

constexpr int kMaxBackOff = 10;  ///< times the base

std::optional<int> numberIn(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The status that a condition of gRPC is about ("deadline-exceeded"); nothing: it is not one.
std::optional<int> grpcCondition(std::string_view word) {
  constexpr std::pair<std::string_view, std::string_view> kConditions[] = {
      {"cancelled", "CANCELLED"},
      {"deadline-exceeded", "DEADLINE_EXCEEDED"},
      {"internal", "INTERNAL"},
      {"resource-exhausted", "RESOURCE_EXHAUSTED"},
      {"unavailable", "UNAVAILABLE"}};
  for (const auto& [condition, status] : kConditions)
    if (condition == word) return grpcStatusNumber(status);
  return std::nullopt;
}

/// floor(draw * limit / 2^64), to the microsecond.
Duration below(Duration limit, uint64_t draw) {
  const double share = static_cast<double>(draw >> 11) * 0x1p-53;
  return std::chrono::duration_cast<std::chrono::microseconds>(limit * share);
}

}  // namespace

std::optional<int> grpcStatus(const http1::ResponseHead& head) {
  const auto* const field = head.fields.headers.find("grpc-status");
  return field == nullptr ? std::nullopt : std::optional(readGrpcStatus(field->value));
}

RetryPolicy RetryPolicy::of(const HttpRetry& written) {
  RetryPolicy policy;
  if (written.attempts <= 0) return policy;
  policy.attempts_ = static_cast<uint32_t>(written.attempts);
  const std::string_view conditions =
      written.retry_on.empty() ? std::string_view(routing::kDefaultRetryOn) : written.retry_on;
  http1::eachElement(conditions, [&](std::string_view word) {
    policy.add(word);
    return true;
  });
  policy.per_try_timeout_ = written.per_try_timeout.value_or(Duration::zero());
  if (written.backoff && *written.backoff > Duration::zero()) policy.base_ = *written.backoff;
  policy.avoids_tried_ = written.retry_ignore_previous_hosts;
  policy.tries_other_priorities_ = written.retry_remote_localities.value_or(false);
  return policy;
}

RetryPolicy RetryPolicy::ofIstio() { return of(routing::defaultRetries()); }

// Words that are not here cover nothing: retriable-headers and retriable-status-codes name lists
// that Istio leaves empty, http3-post-connect-failure a protocol that is not spoken.
void RetryPolicy::add(std::string_view word) {
  constexpr std::pair<std::string_view, On> kConditions[] = {
      {"5xx", k5xx},
      {"gateway-error", kGatewayError},
      {"reset", kReset},
      {"reset-before-request", kResetBeforeRequest},
      {"connect-failure", kConnectFailure},
      {"retriable-4xx", kRetriable4xx},
      {"refused-stream", kRefusedStream},
      {"envoy-ratelimited", kRateLimited}};
  for (const auto& [condition, bit] : kConditions)
    if (condition == word) on_ |= bit;
  if (const auto grpc = grpcCondition(word)) on_grpc_ |= 1u << *grpc;
  if (const auto status = numberIn(word)) statuses_.push_back(*status);
}

bool RetryPolicy::covers(TryFailure failure, bool sent) const {
  if ((on_ & (k5xx | kGatewayError | kReset)) != 0) return true;
  if ((on_ & kResetBeforeRequest) != 0 && !sent) return true;
  if (failure == TryFailure::kConnect) return (on_ & kConnectFailure) != 0;
  return failure == TryFailure::kRefused && (on_ & kRefusedStream) != 0;
}

bool RetryPolicy::covers(const http1::ResponseHead& head) const {
  if (attempts_ == 0) return false;
  const auto& fields = head.fields.headers;
  // Envoy: the answer of a rate limit is no sign of trouble that another try could miss.
  if (fields.find("x-envoy-ratelimited") != nullptr) return (on_ & kRateLimited) != 0;
  if (coversStatus(head.status)) return true;
  if (on_grpc_ == 0) return false;
  const auto status = grpcStatus(head);
  return status && *status >= 0 && *status < 32 && (on_grpc_ & (1u << *status)) != 0;
}

bool RetryPolicy::coversStatus(int status) const {
  constexpr int kConflict = 409;  // Envoy: the only one of 4xx that another try may mend
  if ((on_ & k5xx) != 0 && status >= 500 && status < 600) return true;
  if ((on_ & kGatewayError) != 0 && status >= 502 && status <= 504) return true;
  if ((on_ & kRetriable4xx) != 0 && status == kConflict) return true;
  return std::ranges::find(statuses_, status) != statuses_.end();
}

Duration RetryPolicy::backOff(uint32_t number, uint64_t draw) const {
  const int times = number < 4 ? (1 << number) - 1 : kMaxBackOff;
  return below(base_ * times, draw);
}

}  // namespace sluice::proxy
