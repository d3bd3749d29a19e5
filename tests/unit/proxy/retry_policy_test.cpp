// SPDX-License-Identifier: Apache-2.0
// Which tries are repeated, and when.
#include "userspace/proxy/retry_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sluice::proxy {
namespace {

using namespace std::chrono_literals;

RetryPolicy on(const std::string& conditions) {
  HttpRetry written;
  written.attempts = 2;
  written.retry_on = conditions;
  return RetryPolicy::of(written);
}

bool coversHead(const RetryPolicy& policy, const std::string& head) {
  http1::ResponseHead parsed;
  const std::string bytes = "HTTP/1.1 " + head + "\r\n\r\n";
  EXPECT_TRUE(http1::parseResponse(bytes, 0, parsed).complete()) << bytes;
  return policy.covers(parsed);
}

/// Those of 200 to 599 that are repeated.
std::set<int> statuses(const std::string& conditions) {
  std::set<int> covered;
  for (int status = 200; status < 600; ++status)
    if (coversHead(on(conditions), std::to_string(status) + " x")) covered.insert(status);
  return covered;
}

TEST(RetryPolicy, StatusesOfEachCondition) {
  EXPECT_EQ(statuses("5xx").size(), 100u);
  EXPECT_EQ(*statuses("5xx").begin(), 500);
  EXPECT_THAT(statuses("gateway-error"), testing::ElementsAre(502, 503, 504));
  EXPECT_THAT(statuses("retriable-4xx"), testing::ElementsAre(409));
  EXPECT_THAT(statuses("retriable-4xx,404, 418"), testing::ElementsAre(404, 409, 418));
  for (const char* none :
       {"reset", "reset-before-request", "connect-failure", "refused-stream", "cancelled",
        "retriable-status-codes", "retriable-headers", "envoy-ratelimited", "4", "5xxx", ""})
    EXPECT_THAT(statuses(none), testing::IsEmpty()) << none;
}

struct FailureCase {
  const char* conditions;
  bool connect, reset_unsent, reset_sent, refused, timeout;
};

TEST(RetryPolicy, TriesWithoutResponse) {
  const FailureCase cases[] = {
      {"5xx", true, true, true, true, true},
      {"gateway-error", true, true, true, true, true},
      {"reset", true, true, true, true, true},
      {"reset-before-request", true, true, false, false, false},
      {"connect-failure", true, false, false, false, false},
      {"refused-stream", false, false, false, true, false},
      {"", true, false, false, true, false},
      {"retriable-4xx,503,unavailable", false, false, false, false, false},
  };
  for (const auto& each : cases) {
    const auto policy = on(each.conditions);
    EXPECT_EQ(policy.covers(TryFailure::kConnect, false), each.connect) << each.conditions;
    EXPECT_EQ(policy.covers(TryFailure::kReset, false), each.reset_unsent) << each.conditions;
    EXPECT_EQ(policy.covers(TryFailure::kReset, true), each.reset_sent) << each.conditions;
    EXPECT_EQ(policy.covers(TryFailure::kRefused, true), each.refused) << each.conditions;
    EXPECT_EQ(policy.covers(TryFailure::kTimeout, true), each.timeout) << each.conditions;
  }
}

TEST(RetryPolicy, GrpcConditionsLookAtTheStatusOfTheHead) {
  const std::pair<const char*, int> conditions[] = {{"cancelled", 1},
                                                    {"deadline-exceeded", 4},
                                                    {"resource-exhausted", 8},
                                                    {"internal", 13},
                                                    {"unavailable", 14}};
  for (const auto& [condition, covered] : conditions)
    for (int status = 0; status < 17; ++status)
      EXPECT_EQ(coversHead(on(condition), "200 OK\r\nGrpc-Status: " + std::to_string(status)),
                status == covered)
          << condition << " " << status;
  for (const char* value : {"", "14x", "-14", "46", "99999999999"})
    EXPECT_FALSE(coversHead(on("unavailable"), std::string("200 OK\r\ngrpc-status: ") + value));
}

TEST(RetryPolicy, DefaultOfIstio) {
  const auto policy = RetryPolicy::ofIstio();
  EXPECT_EQ(policy.attempts(), 2u);
  EXPECT_FALSE(coversHead(policy, "503 x"));
  EXPECT_TRUE(coversHead(policy, "200 OK\r\ngrpc-status: 14"));
  EXPECT_TRUE(policy.covers(TryFailure::kConnect, false));
}

TEST(RetryPolicy, AnswersOfARateLimitAreRepeatedOnDemandAlone) {
  const std::string limited = "503 x\r\nx-envoy-ratelimited: true";
  EXPECT_FALSE(coversHead(on("5xx"), limited));
  EXPECT_TRUE(coversHead(on("envoy-ratelimited"), limited));
}

TEST(RetryPolicy, NoAttemptsIsOff) {
  HttpRetry written;
  written.retry_on = "5xx";
  for (const auto& policy : {RetryPolicy::of(written), RetryPolicy()}) {
    EXPECT_EQ(policy.attempts(), 0u);
    EXPECT_FALSE(coversHead(policy, "503 x"));
    EXPECT_FALSE(policy.covers(TryFailure::kConnect, false));
  }
}

TEST(RetryPolicy, BackOffGrowsUpToTenTimesTheBase) {
  const auto policy = RetryPolicy::ofIstio();
  const std::chrono::milliseconds limits[] = {25ms, 75ms, 175ms, 250ms, 250ms};
  for (uint32_t number = 1; number <= std::size(limits); ++number) {
    const auto limit = limits[number - 1];
    EXPECT_EQ(policy.backOff(number, 0), 0ms);
    EXPECT_EQ(policy.backOff(number, uint64_t{1} << 63), limit / 2.0) << number;
    EXPECT_LT(policy.backOff(number, ~uint64_t{0}), limit) << number;
    EXPECT_GE(policy.backOff(number, ~uint64_t{0}), limit - 1us) << number;
  }
  EXPECT_EQ(policy.backOff(~0u, uint64_t{1} << 63), 125ms);
}

TEST(RetryPolicy, BackOffOfTheRule) {
  HttpRetry written;
  written.attempts = 1;
  written.backoff = 1s;
  EXPECT_EQ(RetryPolicy::of(written).backOff(2, uint64_t{1} << 63), 1500ms);
}

}  // namespace
}  // namespace sluice::proxy
