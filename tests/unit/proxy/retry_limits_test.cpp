// SPDX-License-Identifier: Apache-2.0
// How many requests may be repetitions at once.
#include "userspace/proxy/retry_limits.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::proxy {
namespace {

routing::ClusterPolicy withMaxRetries(int32_t most) {
  routing::ClusterPolicy policy;
  ConnectionPoolSettings pool;
  pool.http.emplace().max_retries = most;
  policy.connection_pool = {pool, ""};
  return policy;
}

routing::ClusterPolicy withBudget(const RetryBudget& budget) {
  auto policy = withMaxRetries(1);
  policy.retry_budget = {budget, ""};
  return policy;
}

constexpr RetryLimits::Key kHere{{1}, {7}};

TEST(RetryLimit, NothingSaidIsNoLimit) {
  EXPECT_TRUE(RetryLimit::of({}).unlimited());
  EXPECT_TRUE(RetryLimit::of(withMaxRetries(0)).unlimited());
  EXPECT_FALSE(RetryLimit::of(withMaxRetries(2)).unlimited());
}

TEST(RetryLimit, BudgetIsAShareOfTheRequestsAndBeatsMaxRetries) {
  const auto plain = RetryLimit::of(withBudget({}));
  EXPECT_EQ(plain.allowed(0), 3u);
  EXPECT_EQ(plain.allowed(19), 3u);
  EXPECT_EQ(plain.allowed(100), 20u);
  const auto own = RetryLimit::of(
      withBudget({.percent = 50, .min_retry_concurrency = 0, .budget_interval = {}}));
  EXPECT_EQ(own.allowed(1), 0u);
  EXPECT_EQ(own.allowed(5), 2u);
}

TEST(RetryLimits, MaxRetriesHoldsForEachClientAndCluster) {
  RetryLimits limits;
  const auto limit = RetryLimit::of(withMaxRetries(1));
  auto first = limits.retry(limit, kHere);
  ASSERT_TRUE(first);
  EXPECT_FALSE(limits.retry(limit, kHere));
  EXPECT_TRUE(limits.retry(limit, {{2}, {7}}));
  EXPECT_TRUE(limits.retry(limit, {{1}, {8}}));
  first->release();
  EXPECT_TRUE(limits.retry(limit, kHere));
}

TEST(RetryLimits, AShareThatMovesCountsOnce) {
  RetryLimits limits;
  const auto limit = RetryLimit::of(withMaxRetries(1));
  RetryLimits::Share kept;
  {
    auto taken = limits.retry(limit, kHere);
    kept = *std::move(taken);
  }
  EXPECT_FALSE(limits.retry(limit, kHere));
  kept = {};
  EXPECT_TRUE(limits.retry(limit, kHere));
}

TEST(RetryLimits, BudgetFollowsTheRequestsUnderWay) {
  RetryLimits limits;
  const auto limit = RetryLimit::of(
      withBudget({.percent = 50, .min_retry_concurrency = 0, .budget_interval = {}}));
  std::vector<RetryLimits::Share> requests;
  requests.push_back(limits.request(limit, kHere));
  EXPECT_FALSE(limits.retry(limit, kHere));
  requests.push_back(limits.request(limit, kHere));
  const auto retry = limits.retry(limit, kHere);
  EXPECT_TRUE(retry);
  EXPECT_FALSE(limits.retry(limit, kHere));
  requests.pop_back();
  EXPECT_FALSE(limits.retry(limit, kHere));
}

}  // namespace
}  // namespace sluice::proxy
