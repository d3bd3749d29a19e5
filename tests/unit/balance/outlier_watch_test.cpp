// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/outlier_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/manual_clock.h"

namespace sluice::balance {
namespace {

using namespace std::chrono_literals;

class Watch : public testing::Test {
 protected:
  static OutlierSettings oneError() {
    OutlierDetection policy;
    policy.consecutive_5xx_errors = 1;
    policy.max_ejection_percent = 100;
    return OutlierSettings::of(policy);
  }
  static SocketAddress server(uint16_t port) { return {*IpAddress::parse("10.0.0.1"), port}; }
  std::vector<std::shared_ptr<OutlierMonitor>> twoServers(const std::string& cluster) {
    return watch_->detector(cluster, oneError())->setMembers(std::vector{server(1), server(2)});
  }
  void turn() {
    for (int i = 0; i < 3; ++i) reactor_->runOnce(1ms);
  }

  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  int changes_ = 0;
  std::unique_ptr<OutlierWatch> watch_ =
      std::make_unique<OutlierWatch>(*reactor_, [this] { ++changes_; });
};

TEST_F(Watch, TellsOfABurstOnce) {
  const auto monitors = twoServers("a");
  std::thread([&] {
    for (const auto& monitor : monitors) monitor->answered(500, clock_.now());
  }).join();
  EXPECT_EQ(changes_, 0) << "not on a worker's thread";
  turn();
  EXPECT_EQ(changes_, 1);
  EXPECT_THAT(watch_->avoided(),
              testing::ElementsAre(testing::Pair("a", testing::ElementsAre(server(1), server(2)))));
}

TEST_F(Watch, LetsEndpointsInAgain) {
  const auto monitors = twoServers("a");
  monitors[0]->answered(500, clock_.now());
  turn();
  for (int i = 0; i < 3; ++i) {
    clock_.advance(10s);
    turn();
  }
  EXPECT_EQ(changes_, 2);
  EXPECT_TRUE(watch_->avoided().empty());
  EXPECT_EQ(watch_->status().at("a").ejections, 1u);
}

TEST_F(Watch, OneDetectorAClusterUntilThePolicyChanges) {
  const auto detector = watch_->detector("a", oneError());
  EXPECT_EQ(watch_->detector("a", oneError()), detector);
  EXPECT_NE(watch_->detector("b", oneError()), detector);
  auto other = oneError();
  other.max_ejected_percent = 50;
  EXPECT_NE(watch_->detector("a", other), detector);
}

TEST_F(Watch, ForgetsWhatNobodyUses) {
  const auto kept = watch_->detector("kept", oneError());
  watch_->detector("dropped", oneError());
  watch_->forgetUnused();
  EXPECT_TRUE(watch_->status().contains("kept"));
  EXPECT_FALSE(watch_->status().contains("dropped"));
  clock_.advance(10s);
  turn();  // no sweep of what is gone
}

TEST_F(Watch, MonitorsMayOutliveIt) {
  const auto detector = watch_->detector("a", oneError());
  const auto monitors = detector->setMembers(std::vector{server(1)});
  watch_.reset();
  monitors[0]->answered(500, clock_.now());
  turn();
  EXPECT_EQ(changes_, 0);
}

TEST_F(Watch, FollowsTheKernelsConnections) {
  ConnectionCounts counts;
  watch_->followConnections([&](EndpointId) { return std::optional(counts); });
  const auto monitors = twoServers("a");
  monitors[0]->setEndpoint({7});
  const auto passPeriod = [&] {
    clock_.advance(OutlierWatch::kConnectionPeriod);
    turn();
  };
  passPeriod();
  counts.failed = 1;
  passPeriod();
  EXPECT_EQ(changes_, 1);
  EXPECT_THAT(watch_->avoided(),
              testing::ElementsAre(testing::Pair("a", testing::ElementsAre(server(1)))));
}

}  // namespace
}  // namespace sluice::balance
