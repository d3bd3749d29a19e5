// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/restart_backoff.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;

TEST(RestartBackoff, AtOnceThenDoublingToFiveSeconds) {
  RestartBackoff backoff;
  for (const Duration expected :
       std::vector<Duration>{0ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5s, 5s}) {
    EXPECT_EQ(backoff.next(59s), expected);
  }
}

TEST(RestartBackoff, AMinuteOfLifeStartsAfresh) {
  RestartBackoff backoff;
  for (int i = 0; i < 5; ++i) (void)backoff.next(0s);
  EXPECT_EQ(backoff.next(60s), 0ms);
  EXPECT_EQ(backoff.next(0s), 100ms);
}

}  // namespace
}  // namespace sluice::broker
