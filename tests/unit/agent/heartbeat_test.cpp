// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/heartbeat.h"

#include "tests/unit/agent/rollout_fixture.h"

namespace sluice::agent {
namespace {

using namespace std::chrono_literals;

class HeartbeatTest : public testing::Test {
 protected:
  void pass(Duration time) {
    clock_.advance(time);
    reactor_->runOnce(0ms);
  }

  TimePoint beat() {
    const auto record = maps::View<Table::kControl>(data_plane_).get(0);
    return TimePoint(std::chrono::nanoseconds(record.ok() ? record->heartbeat_ns : 0));
  }

  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  sluice::test::MemoryDataPlane data_plane_;
  FakeFleet fleet_;
  Heartbeat heartbeat_{*reactor_, fleet_, data_plane_};
};

TEST_F(HeartbeatTest, TellsWhenTheWorkersHaveComeRound) {
  EXPECT_EQ(beat(), TimePoint());
  fleet_.acknowledge();
  EXPECT_EQ(beat(), clock_.now());
  pass(Heartbeat::kInterval);
  fleet_.acknowledge();
  EXPECT_EQ(beat(), clock_.now());
}

TEST_F(HeartbeatTest, SaysNothingWhileAWorkerIsStuck) {
  fleet_.acknowledge();
  const auto last = beat();
  for (int i = 0; i < 5; ++i) pass(Heartbeat::kInterval);
  EXPECT_EQ(beat(), last);
  EXPECT_EQ(fleet_.waiting.size(), 1U) << "who does not answer is not asked again and again";
  fleet_.acknowledge();
  EXPECT_EQ(beat(), clock_.now());
}

TEST_F(HeartbeatTest, LeavesTheRevisionAlone) {
  maps::View<Table::kControl> view(data_plane_);
  control record{};
  record.revision = 7;
  ASSERT_TRUE(view.put(0, record).ok());
  fleet_.acknowledge();
  EXPECT_EQ(view.get(0)->revision, 7U);
  EXPECT_EQ(beat(), clock_.now());
}

}  // namespace
}  // namespace sluice::agent
