// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/timer_wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class TimerWheelTest : public testing::Test {
 protected:
  TimerWheel::Id arm(Duration delay, int name) {
    return wheel_.arm(now_ + delay, [this, name] { ran_.push_back(name); });
  }
  void pass(Duration time) {
    now_ += time;
    wheel_.run(now_);
  }

  TimePoint now_{12345678us};
  TimerWheel wheel_{now_};
  std::vector<int> ran_;
};

TEST_F(TimerWheelTest, RunsAtTheFirstMillisecondThatIsNotTooEarly) {
  arm(300us, 1);  // due at 12345.978 ms
  pass(300us);
  EXPECT_THAT(ran_, ElementsAre());
  pass(22us);
  EXPECT_THAT(ran_, ElementsAre(1));
  pass(1h);
  EXPECT_THAT(ran_, ElementsAre(1));
}

TEST_F(TimerWheelTest, WhatIsDueAlreadyRunsInTheNextRun) {
  arm(-1h, 1);
  pass(0ms);
  EXPECT_THAT(ran_, ElementsAre(1));
}

TEST_F(TimerWheelTest, TimersOfAllLevelsRunInTheOrderOfTheirTimes) {
  const std::vector<Duration> delays{24h * 400, 5ms, 20h, 70ms, 1h, 4s, 24h * 30, 5min};
  for (size_t i = 0; i < delays.size(); ++i) arm(delays[i], static_cast<int>(i));
  pass(24h * 401);
  EXPECT_THAT(ran_, ElementsAre(1, 3, 5, 7, 4, 2, 6, 0));
}

TEST_F(TimerWheelTest, ThoseOfOneMillisecondRunInTheOrderOfArming) {
  arm(100ms, 1);
  pass(60ms);  // the second one begins at another level
  arm(40ms, 2);
  pass(41ms);
  EXPECT_THAT(ran_, ElementsAre(1, 2));
}

TEST_F(TimerWheelTest, CancelledOnesDoNotRunAndReleaseWhatTheyHold) {
  const auto held = std::make_shared<int>(1);
  const auto id = wheel_.arm(now_ + 1s, [this, held] { ran_.push_back(*held); });
  wheel_.cancel(id);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(wheel_.next(), TimePoint::max());
  pass(2s);
  EXPECT_THAT(ran_, ElementsAre());
}

TEST_F(TimerWheelTest, AnIdIsNeverThatOfALaterTimer) {
  const auto first = arm(1ms, 1);
  pass(2ms);
  const auto second = arm(1ms, 2);
  EXPECT_NE(first, second);
  wheel_.cancel(first);
  wheel_.cancel(0);
  pass(2ms);
  EXPECT_THAT(ran_, ElementsAre(1, 2));
}

TEST_F(TimerWheelTest, TasksMayArmAndCancel) {
  TimerWheel::Id other = 0;
  wheel_.arm(now_ + 1ms, [&] {
    wheel_.cancel(other);
    arm(1ms, 1);
  });
  other = arm(1ms, 9);
  pass(2ms);
  pass(2ms);
  EXPECT_THAT(ran_, ElementsAre(1));
}

TEST_F(TimerWheelTest, NextIsNeverTooLateAndSeldomInVain) {
  arm(10h, 1);
  int runs = 0;
  for (; ran_.empty() && runs < 10; ++runs) {
    const auto next = wheel_.next();
    ASSERT_LE(next, now_ + 10h);
    now_ = next;
    wheel_.run(now_);
  }
  EXPECT_THAT(ran_, ElementsAre(1));
  EXPECT_LE(runs, 7);
}

TEST_F(TimerWheelTest, TheEndOfTimeNeverComes) {
  wheel_.arm(TimePoint::max(), [this] { ran_.push_back(9); });
  pass(24h * 365 * 100);
  EXPECT_THAT(ran_, ElementsAre());
}

/// The wheel beside a sorted list, with times and steps of all sizes.
class TimerWheelAgainstList : public TimerWheelTest {
 protected:
  using Milliseconds = std::chrono::milliseconds;

  /// Small ones are as likely as large ones.
  Duration anyUpTo(Duration most) {
    const auto bits = static_cast<int64_t>(random_() >> (2 + random_() % 60));
    return Duration(bits % most.count());
  }
  void armAny() {
    const int name = next_name_++;
    const TimePoint due = now_ + anyUpTo(24h * 30);
    const auto id = wheel_.arm(due, [this, name] { ran_.push_back(name); });
    list_.emplace(std::pair(std::chrono::ceil<Milliseconds>(due), name), id);
  }
  /// One of those that are due first: they have moved most.
  void cancelAny() {
    auto gone = list_.begin();
    std::advance(gone, static_cast<long>(random_() % std::min<size_t>(list_.size(), 5)));
    wheel_.cancel(gone->second);
    list_.erase(gone);
  }
  /// The names of what is due.
  std::vector<int> takeDue() {
    std::vector<int> names;
    while (!list_.empty() && list_.begin()->first.first <= now_) {
      names.push_back(list_.begin()->first.second);
      list_.erase(list_.begin());
    }
    return names;
  }

  std::mt19937_64 random_{7};
  int next_name_ = 0;
  std::map<std::pair<TimePoint, int>, TimerWheel::Id> list_;
};

TEST_F(TimerWheelAgainstList, RunsTheSameAtTheSameTime) {
  for (int i = 0; i < 20'000; ++i) {
    armAny();
    if (i % 3 == 0) cancelAny();
    if (i % 7 != 0) continue;
    ran_.clear();
    pass(anyUpTo(24h));
    ASSERT_EQ(ran_, takeDue()) << i;
  }
}

}  // namespace
}  // namespace sluice
