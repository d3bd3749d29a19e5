// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/warmup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace sluice::balance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

SocketAddress server(uint16_t port) { return {*IpAddress::parse("10.0.0.1"), port}; }

WarmupSettings minutes(double minimum_percent, double aggression) {
  return {.duration = 100s, .minimum_percent = minimum_percent, .aggression = aggression};
}

TEST(WarmupSettings, GrowWithTheAge) {
  const auto linear = minutes(10, 1);
  EXPECT_EQ(linear.percentAt(0s), 10u);
  EXPECT_EQ(linear.percentAt(5s), 10u);
  EXPECT_EQ(linear.percentAt(50s), 50u);
  EXPECT_EQ(linear.percentAt(100s), 100u);
  EXPECT_EQ(minutes(10, 2).percentAt(25s), 50u) << "the square root";
  EXPECT_EQ(minutes(0, 0.5).percentAt(50s), 25u) << "the square";
  EXPECT_EQ(minutes(0, 1).percentAt(0s), 1u) << "somebody must try it";
}

TEST(WarmupSettings, AreOfTheNewerField) {
  LoadBalancerSettings policy;
  EXPECT_FALSE(WarmupSettings::of(policy));
  policy.warmup_duration_secs = 7s;
  EXPECT_EQ(WarmupSettings::of(policy)->duration, 7s);
  policy.warmup = Warmup{.duration = 9s, .minimum_percent = 20, .aggression = 3};
  EXPECT_EQ(WarmupSettings::of(policy),
            (WarmupSettings{.duration = 9s, .minimum_percent = 20, .aggression = 3}));
}

class Warming : public testing::Test {
 protected:
  void members(std::vector<SocketAddress> list) {
    held_ = watch_.setMembers("a", minutes(10, 1), list);
  }
  void pass(Duration time) {
    clock_.advance(time);
    for (int i = 0; i < 2; ++i) reactor_->runOnce(0ms);
  }

  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  int changes_ = 0;
  WarmupWatch watch_{*reactor_, [this] { ++changes_; }};
  std::shared_ptr<const void> held_;
};

TEST_F(Warming, WhoComesLaterWarmsUp) {
  members({server(1), server(2)});
  EXPECT_THAT(watch_.percents(), IsEmpty());
  members({server(1), server(2), server(3)});
  EXPECT_THAT(watch_.percents(), ElementsAre(Pair("a", ElementsAre(Pair(server(3), 10)))));
  pass(50s);
  EXPECT_EQ(changes_, 1);
  EXPECT_THAT(watch_.percents(), ElementsAre(Pair("a", ElementsAre(Pair(server(3), 50)))));
  pass(50s);
  EXPECT_EQ(changes_, 2) << "the last step is told as well";
  EXPECT_THAT(watch_.percents(), IsEmpty());
  pass(50s);
  EXPECT_EQ(changes_, 2) << "nothing to wait for";
}

TEST_F(Warming, WhoComesBackBeginsAnew) {
  members({server(1), server(2)});
  members({server(1)});
  members({server(1), server(2)});
  EXPECT_THAT(watch_.percents(), ElementsAre(Pair("a", ElementsAre(Pair(server(2), 10)))));
}

TEST_F(Warming, ForgetsWhatNobodyHolds) {
  members({server(1)});
  watch_.forgetUnused();
  members({server(1), server(2)});
  EXPECT_FALSE(watch_.percents().empty());
  held_.reset();
  watch_.forgetUnused();
  EXPECT_TRUE(watch_.percents().empty());
}

}  // namespace
}  // namespace sluice::balance
