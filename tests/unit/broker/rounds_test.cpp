// SPDX-License-Identifier: Apache-2.0
// How often the broker looks at everybody's sockets.
#include "userspace/broker/rounds.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;

class RoundsTest : public testing::Test {
 protected:
  void pass(Duration time) {
    clock_.advance(time);
    reactor_->runOnce(0ms);
  }

  test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  int looks_ = 0;
  bool left_ = false;
  Rounds rounds_{*reactor_, [this] { return ++looks_, left_; }};
};

TEST_F(RoundsTest, NobodyLooksUnasked) {
  pass(1h);
  EXPECT_EQ(looks_, 0);
  rounds_.soon();
  pass(0s);
  EXPECT_EQ(looks_, 1);
  pass(1h);
  EXPECT_EQ(looks_, 1) << "nothing was left to do";
}

TEST_F(RoundsTest, LooksAgainAsLongAsSomethingIsLeft) {
  left_ = true;
  rounds_.soon();
  pass(0s);
  for (int i = 0; i < 3; ++i) pass(Rounds::kPeriod);
  EXPECT_EQ(looks_, 4);
  left_ = false;
  pass(Rounds::kPeriod);
  pass(1h);
  EXPECT_EQ(looks_, 5);
}

TEST_F(RoundsTest, NobodyLooksAfterItWasStopped) {
  left_ = true;
  rounds_.soon();
  pass(0s);
  rounds_.stop();
  rounds_.soon();
  pass(1h);
  EXPECT_EQ(looks_, 1);
}

TEST_F(RoundsTest, ManyRequestsAreOneLookASecond) {
  for (int i = 0; i < 50; ++i) {
    rounds_.soon();
    pass(100ms);
  }
  EXPECT_GE(looks_, 4);
  EXPECT_LE(looks_, 6);
}

}  // namespace
}  // namespace sluice::broker
