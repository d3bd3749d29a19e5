// SPDX-License-Identifier: Apache-2.0
// How many requests may be repetitions at once.
#include "userspace/proxy/retry_limits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/manual_clock.h"

namespace sluice::proxy {
namespace {

using namespace std::chrono_literals;

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

class Limits : public testing::Test {
 protected:
  void pass(Duration time) { clock_.advance(time); }

  sluice::test::ManualClock clock_;
  RetryLimits limits_{clock_};
};

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

TEST_F(Limits, MaxRetriesHoldsForEachClientAndCluster) {
  const auto limit = RetryLimit::of(withMaxRetries(1));
  auto first = limits_.retry(limit, kHere);
  ASSERT_TRUE(first);
  EXPECT_FALSE(limits_.retry(limit, kHere));
  EXPECT_TRUE(limits_.retry(limit, {{2}, {7}}));
  EXPECT_TRUE(limits_.retry(limit, {{1}, {8}}));
  first->release();
  EXPECT_TRUE(limits_.retry(limit, kHere));
}

TEST_F(Limits, AShareThatMovesCountsOnce) {
  const auto limit = RetryLimit::of(withMaxRetries(1));
  RetryLimits::Share kept;
  {
    auto taken = limits_.retry(limit, kHere);
    kept = *std::move(taken);
  }
  EXPECT_FALSE(limits_.retry(limit, kHere));
  kept = {};
  EXPECT_TRUE(limits_.retry(limit, kHere));
}

TEST_F(Limits, BudgetFollowsTheRequestsUnderWay) {
  const auto limit = RetryLimit::of(
      withBudget({.percent = 50, .min_retry_concurrency = 0, .budget_interval = {}}));
  std::vector<RetryLimits::Share> requests;
  requests.push_back(limits_.request(limit, kHere));
  EXPECT_FALSE(limits_.retry(limit, kHere));
  requests.push_back(limits_.request(limit, kHere));
  const auto retry = limits_.retry(limit, kHere);
  EXPECT_TRUE(retry);
  EXPECT_FALSE(limits_.retry(limit, kHere));
  requests.pop_back();
  EXPECT_FALSE(limits_.retry(limit, kHere));
}

TEST_F(Limits, RequestsCountForTheIntervalAfterTheirEnd) {
  const auto limit = RetryLimit::of(
      withBudget({.percent = 50, .min_retry_concurrency = 0, .budget_interval = 16s}));
  for (int i = 0; i < 3; ++i) {
    limits_.request(limit, kHere);  // and over
    pass(1s);
  }
  EXPECT_TRUE(limits_.retry(limit, kHere));
  pass(11s);  // 14 s after the first
  EXPECT_TRUE(limits_.retry(limit, kHere));
  const auto under_way = limits_.request(limit, kHere);
  pass(3s);  // two are too long ago
  EXPECT_TRUE(limits_.retry(limit, kHere)) << "one of the interval, one under way";
  pass(1s);
  EXPECT_FALSE(limits_.retry(limit, kHere));
}

TEST_F(Limits, ThreadsCountTogether) {
  const auto limit = RetryLimit::of(withMaxRetries(1));
  std::atomic<int> holders = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int turn = 0; turn < 1000; ++turn) {
        auto share = limits_.retry(limit, kHere);
        if (!share) continue;
        if (++holders > 1) most = 2;
        --holders;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 1);
  EXPECT_TRUE(limits_.retry(limit, kHere)) << "all have been given back";
}

TEST_F(Limits, OthersAreNotCounted) {
  const auto limit = RetryLimit::of(
      withBudget({.percent = 50, .min_retry_concurrency = 0, .budget_interval = 16s}));
  for (int i = 0; i < 3; ++i) limits_.request(limit, kHere);
  EXPECT_FALSE(limits_.retry(limit, {{2}, {7}}));
  EXPECT_TRUE(limits_.retry(limit, kHere)) << "not forgotten for the other";
}

}  // namespace
}  // namespace sluice::proxy
