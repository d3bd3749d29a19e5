// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/watchdog.h"

#include "maps/tables.hpp"
#include "tests/support/manual_clock.h"
#include "tests/unit/broker/support.h"
#include "userspace/broker/packet.h"

namespace sluice::broker {
namespace {

/// The agent is a process that sleeps; the test gives its signs of life.
class WatchdogTest : public testing::Test {
 protected:
  static constexpr Duration kPatience = 20s;

  void SetUp() override { ASSERT_TRUE(supervisor_.start().ok()); }

  Result<Fd> openChannel() {
    auto pair = *packetPair();
    ++started_;
    channels_.push_back(std::move(pair.first));
    return std::move(pair.second);
  }

  void beat() {
    control record{};
    record.heartbeat_ns =
        static_cast<uint64_t>(std::chrono::nanoseconds(clock_.now().time_since_epoch()).count());
    ASSERT_TRUE(maps::View<Table::kControl>(tables_).put(0, record).ok());
  }

  void pass(Duration time) {
    clock_.advance(time);
    reactor_->runOnce(0ms);
  }

  bool isReplaced() {
    runUntil(*reactor_, [&] { return started_ == 2; });
    return started_ == 2;
  }

  test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  test::MemoryDataPlane tables_;
  std::vector<Fd> channels_;
  int started_ = 0;
  Supervisor supervisor_{
      *reactor_,
      Supervisor::Options{{"/bin/sleep", "100"}, [this] { return openChannel(); }, 1min}};
  Watchdog watchdog_{*reactor_, tables_, supervisor_, kPatience};
};

TEST_F(WatchdogTest, AnAgentThatBeatsIsLeftAlone) {
  const pid_t first = supervisor_.agent();
  for (int i = 0; i < 20; ++i) {
    pass(kPatience / 2);
    beat();
  }
  EXPECT_EQ(supervisor_.agent(), first);
  EXPECT_EQ(started_, 1);
}

TEST_F(WatchdogTest, AnAgentThatFallsSilentIsEnded) {
  beat();
  pass(kPatience + 1s);
  EXPECT_EQ(started_, 1) << "it may have had no turn, as this process";
  pass(kPatience / 4);
  EXPECT_TRUE(isReplaced());
}

TEST_F(WatchdogTest, AnAgentThatNeverBeatsIsEnded) {
  pass(kPatience + 1s);
  pass(kPatience / 4);
  EXPECT_TRUE(isReplaced());
}

TEST_F(WatchdogTest, ASignAfterAStandstillSavesIt) {
  beat();
  pass(kPatience * 10);
  beat();
  pass(kPatience / 4);
  pass(kPatience / 4);
  EXPECT_NE(supervisor_.agent(), 0);
  EXPECT_EQ(started_, 1);
}

TEST_F(WatchdogTest, TheSignsOfAPredecessorAreNotTheSuccessors) {
  beat();
  pass(kPatience + 1s);
  pass(kPatience / 4);
  ASSERT_TRUE(isReplaced());
  pass(kPatience / 2);
  pass(kPatience / 4);
  EXPECT_EQ(started_, 2) << "it has had no time to give any";
  EXPECT_NE(supervisor_.agent(), 0);
}

TEST_F(WatchdogTest, WhilePausedNothingIsExpectedAndThenAllTimeIsThereAgain) {
  beat();
  watchdog_.pause();
  pass(kPatience * 10);
  pass(kPatience);
  EXPECT_EQ(started_, 1);
  watchdog_.resume();
  pass(kPatience / 2);
  pass(kPatience / 4);
  EXPECT_NE(supervisor_.agent(), 0);
  EXPECT_EQ(started_, 1);
  pass(kPatience);
  pass(kPatience / 4);
  EXPECT_TRUE(isReplaced());
}

}  // namespace
}  // namespace sluice::broker
