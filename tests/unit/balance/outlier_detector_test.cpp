// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/outlier_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace sluice::balance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

SocketAddress address(uint16_t index) { return {*IpAddress::parse("10.0.0.1"), index}; }

class Outliers : public testing::Test {
 protected:
  /// Endpoints with the ports 1 to `count`.
  void watch(const OutlierDetection& policy, uint16_t count) {
    detector_ = OutlierDetector::create(OutlierSettings::of(policy), [this] { ++changes_; });
    setMembers(1, count);
  }
  void setMembers(uint16_t first, uint16_t last) {
    std::vector<SocketAddress> members;
    for (uint16_t i = first; i <= last; ++i) members.push_back(address(i));
    monitors_ = detector_->setMembers(members);
  }
  static OutlierDetection twoErrors() {
    OutlierDetection policy;
    policy.consecutive_5xx_errors = 2;
    policy.max_ejection_percent = 100;
    return policy;
  }
  void answer(size_t index, const std::vector<int>& statuses) {
    for (const int status : statuses) monitors_.at(index)->answered(status, now_);
  }
  void fail(size_t index, int times) {
    for (int i = 0; i < times; ++i) monitors_.at(index)->report(Outcome::kLocalFailure, now_);
  }
  /// Intervals pass, with a sweep at the end of each.
  void pass(int intervals) {
    for (int i = 0; i < intervals; ++i) {
      now_ += detector_->settings().interval;
      detector_->sweep(now_);
    }
  }
  std::vector<uint16_t> ejected() const {
    std::vector<uint16_t> ports;
    for (const auto& one : detector_->status().ejected) ports.push_back(one.port);
    return ports;
  }

  TimePoint now_{1h};
  int changes_ = 0;
  std::shared_ptr<OutlierDetector> detector_;
  std::vector<std::shared_ptr<OutlierMonitor>> monitors_;
};

TEST_F(Outliers, DefaultsAreIstios) {
  const auto settings = OutlierSettings::of({});
  EXPECT_EQ(settings.consecutive_errors, 5u);
  EXPECT_EQ(settings.consecutive_gateway_errors, 0u);
  EXPECT_EQ(settings.interval, 10s);
  EXPECT_EQ(settings.base_ejection, 30s);
  EXPECT_EQ(settings.longest_ejection, 300s);
  EXPECT_EQ(settings.max_ejected_percent, 10u);
  EXPECT_EQ(settings.min_healthy_percent, 0u);
  OutlierDetection split;
  split.split_external_local_origin_errors = true;
  EXPECT_EQ(OutlierSettings::of(split).consecutive_local_failures, 5u);
}

TEST_F(Outliers, ZeroIsTheDefaultExceptForErrorsThatItDoesNotCount) {
  OutlierDetection zeros;
  zeros.max_ejection_percent = 0;
  zeros.interval = zeros.base_ejection_time = 0s;
  EXPECT_EQ(OutlierSettings::of(zeros), OutlierSettings::of({}));
  zeros.max_ejection_percent = 100;
  zeros.consecutive_5xx_errors = 0;
  watch(zeros, 2);
  answer(0, std::vector<int>(100, 500));
  EXPECT_THAT(ejected(), IsEmpty());
}

TEST_F(Outliers, ConsecutiveErrorsEject) {
  watch(twoErrors(), 3);
  answer(0, {500, 200, 500});
  EXPECT_THAT(ejected(), IsEmpty()) << "not in a row";
  answer(0, {503});
  EXPECT_THAT(ejected(), ElementsAre(1));
  EXPECT_TRUE(monitors_[0]->isAvoided());
  EXPECT_FALSE(monitors_[1]->isAvoided());
  EXPECT_EQ(changes_, 1);
}

TEST_F(Outliers, LocalFailuresCountAsErrors) {
  watch(twoErrors(), 3);
  answer(0, {500});
  fail(0, 1);
  EXPECT_THAT(ejected(), ElementsAre(1));
}

TEST_F(Outliers, GatewayErrorsCountForThemselves) {
  auto policy = twoErrors();
  policy.consecutive_5xx_errors = 0;
  policy.consecutive_gateway_errors = 2;
  watch(policy, 3);
  answer(0, {500, 500, 500, 502, 500, 504});
  EXPECT_THAT(ejected(), IsEmpty()) << "500 is none, and ends the row";
  answer(0, {503});
  EXPECT_THAT(ejected(), ElementsAre(1));
}

TEST_F(Outliers, SplitLocalFailuresAreNoErrors) {
  auto policy = twoErrors();
  policy.split_external_local_origin_errors = true;
  policy.consecutive_local_origin_failures = 3;
  watch(policy, 3);
  fail(0, 2);
  answer(0, {500});
  fail(0, 2);
  EXPECT_THAT(ejected(), IsEmpty()) << "an answer, even an error, ends the row";
  fail(0, 1);
  EXPECT_THAT(ejected(), ElementsAre(1));
}

TEST_F(Outliers, ListedCodesAreTheErrors) {
  auto policy = twoErrors();
  policy.outlier_detection_http_error_codes = {429};
  watch(policy, 3);
  answer(0, {500, 500, 503, 503});
  EXPECT_THAT(ejected(), IsEmpty());
  answer(0, {429, 429});
  EXPECT_THAT(ejected(), ElementsAre(1));
}

TEST_F(Outliers, AnEjectionEndsAtTheFirstSweepAfterItsTime) {
  auto policy = twoErrors();
  policy.interval = 4s;
  policy.base_ejection_time = 10s;
  watch(policy, 3);
  answer(0, {500, 500});
  pass(2);
  EXPECT_THAT(ejected(), ElementsAre(1));
  pass(1);
  EXPECT_THAT(ejected(), IsEmpty());
  EXPECT_EQ(changes_, 2);
  answer(0, {500});
  EXPECT_THAT(ejected(), IsEmpty()) << "it begins anew";
}

TEST_F(Outliers, EachEjectionLastsLongerUntilIntervalsPassWithoutOne) {
  watch(twoErrors(), 3);
  answer(0, {500, 500});
  pass(3);
  ASSERT_THAT(ejected(), IsEmpty());
  answer(0, {500, 500});
  pass(5);
  EXPECT_THAT(ejected(), ElementsAre(1)) << "60 s this time";
  pass(1);
  ASSERT_THAT(ejected(), IsEmpty());
  pass(2);
  answer(0, {500, 500});
  pass(3);
  EXPECT_THAT(ejected(), IsEmpty()) << "30 s again";
}

TEST_F(Outliers, TheLongestEjectionIsFiveMinutes) {
  watch(twoErrors(), 3);
  for (int i = 0; i < 20; ++i) {
    answer(0, {500, 500});
    pass(30);
    ASSERT_THAT(ejected(), IsEmpty()) << i;
  }
}

TEST_F(Outliers, TheLimitHoldsForTheFirstToo) {
  auto policy = twoErrors();
  policy.max_ejection_percent = 0;
  watch(policy, 9);
  answer(0, {500, 500});
  EXPECT_THAT(ejected(), IsEmpty()) << "one of nine is more than 10 %";
  EXPECT_EQ(detector_->status().held_ejections, 1u);
  EXPECT_EQ(changes_, 0);
  setMembers(1, 20);
  for (size_t i = 0; i < 3; ++i) answer(i, {500, 500});
  EXPECT_THAT(ejected(), ElementsAre(1, 2));
}

TEST_F(Outliers, WithTooFewLeftAllAreUsed) {
  auto policy = twoErrors();
  policy.min_health_percent = 50;
  watch(policy, 4);
  answer(0, {500, 500});
  answer(1, {500, 500});
  EXPECT_TRUE(monitors_[0]->isAvoided());
  answer(2, {500, 500});
  EXPECT_THAT(ejected(), ElementsAre(1, 2, 3));
  EXPECT_THAT(detector_->status().avoided, IsEmpty());
  EXPECT_FALSE(monitors_[0]->isAvoided());
}

TEST_F(Outliers, AllMayBeEjectedWhereIstioAllowsIt) {
  watch(twoErrors(), 2);
  answer(0, {500, 500});
  answer(1, {500, 500});
  EXPECT_EQ(detector_->status().avoided.size(), 2u);
}

TEST_F(Outliers, MembersThatStayKeepTheirState) {
  watch(twoErrors(), 3);
  answer(1, {500, 500});
  answer(2, {500});
  const auto gone = monitors_[0];
  setMembers(2, 4);
  EXPECT_THAT(ejected(), ElementsAre(2));
  answer(1, {500});
  EXPECT_THAT(ejected(), ElementsAre(2, 3));
  for (int i = 0; i < 2; ++i) gone->answered(500, now_);
  EXPECT_THAT(ejected(), ElementsAre(2, 3)) << "who is gone cannot be ejected";
}

TEST_F(Outliers, AMonitorMayOutliveItsDetector) {
  watch(twoErrors(), 1);
  detector_.reset();
  answer(0, {500, 500, 500});
  EXPECT_EQ(changes_, 0);
}

TEST_F(Outliers, ErrorsOfAllThreadsCountTogether) {
  OutlierDetection policy = twoErrors();
  policy.consecutive_5xx_errors = 400;
  watch(policy, 1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this] { answer(0, std::vector<int>(100, 500)); });
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(ejected(), ElementsAre(1));
  EXPECT_EQ(changes_, 1);
}

/// What the kernel counts of connections to the endpoints, whose numbers are their ports.
class ConnectOutliers : public Outliers {
 protected:
  void SetUp() override {
    auto policy = twoErrors();
    policy.consecutive_5xx_errors = 5;
    follow(policy);
  }
  void follow(const OutlierDetection& policy) {
    watch(policy, 2);
    for (uint32_t i = 0; i < monitors_.size(); ++i) monitors_[i]->setEndpoint({i + 1});
    read();
  }
  void read() {
    const auto counts = [this](EndpointId endpoint) { return std::optional(counts_[endpoint]); };
    detector_->countConnections(counts, now_);
  }
  /// To endpoint 1 within one period.
  void happens(uint64_t made, uint64_t failed) {
    counts_[{1}].made += made;
    counts_[{1}].failed += failed;
    read();
  }

  std::map<EndpointId, ConnectionCounts> counts_;
};

TEST_F(ConnectOutliers, FailuresInARowEject) {
  happens(0, 4);
  EXPECT_THAT(ejected(), IsEmpty());
  happens(0, 1);
  EXPECT_THAT(ejected(), ElementsAre(1));
  EXPECT_EQ(changes_, 1);
}

TEST_F(ConnectOutliers, AConnectionBetweenThemBeginsTheRowAnew) {
  happens(0, 4);
  happens(1, 0);
  happens(0, 4);
  EXPECT_THAT(ejected(), IsEmpty());
}

TEST_F(ConnectOutliers, CountInOnePeriodOnlyAsManyInARowAsThereMustHaveBeen) {
  happens(1, 8);
  EXPECT_THAT(ejected(), IsEmpty()) << "four before it and four after";
  happens(0, 4);
  EXPECT_THAT(ejected(), IsEmpty()) << "the connection may have been the last";
  happens(100, 404);
  EXPECT_THAT(ejected(), IsEmpty());
  happens(1, 9);
  EXPECT_THAT(ejected(), ElementsAre(1)) << "five on one side of it";
}

TEST_F(ConnectOutliers, AreARowBesideThatOfAnswers) {
  answer(0, {500, 500, 500, 500});
  happens(1, 0);
  answer(0, {500});
  EXPECT_THAT(ejected(), ElementsAre(1)) << "a connection is no answer";
}

TEST_F(ConnectOutliers, WhatWasCountedBeforeIsNotNew) {
  counts_[{1}] = {0, 1000};
  follow(twoErrors());
  read();
  EXPECT_THAT(ejected(), IsEmpty());
  monitors_[0]->setEndpoint({9});
  counts_[{9}] = {0, 2000};
  read();
  EXPECT_THAT(ejected(), IsEmpty()) << "the counters of another number";
  counts_[{9}] = {0, 0};
  read();
  EXPECT_THAT(ejected(), IsEmpty()) << "begun anew";
  counts_[{9}] = {0, 2};
  read();
  EXPECT_THAT(ejected(), ElementsAre(1));
}

TEST_F(ConnectOutliers, BeginAnewWhenTheyAreLetIn) {
  happens(0, 9);
  happens(0, 4);
  pass(3);
  ASSERT_THAT(ejected(), IsEmpty());
  happens(0, 4);
  EXPECT_THAT(ejected(), IsEmpty());
  happens(0, 1);
  EXPECT_THAT(ejected(), ElementsAre(1));
}

TEST_F(ConnectOutliers, GoByTheThresholdOfTheirKind) {
  auto policy = twoErrors();
  EXPECT_EQ(OutlierSettings::of(policy).consecutiveFailedConnections(), 2U);
  policy.consecutive_5xx_errors = 0;
  EXPECT_EQ(OutlierSettings::of(policy).consecutiveFailedConnections(), 0U);
  policy.consecutive_gateway_errors = 3;
  EXPECT_EQ(OutlierSettings::of(policy).consecutiveFailedConnections(), 3U);
  policy.consecutive_5xx_errors = 4;
  EXPECT_EQ(OutlierSettings::of(policy).consecutiveFailedConnections(), 3U);
  policy.split_external_local_origin_errors = true;
  policy.consecutive_local_origin_failures = 7;
  EXPECT_EQ(OutlierSettings::of(policy).consecutiveFailedConnections(), 7U);

  policy = twoErrors();
  policy.consecutive_5xx_errors = 0;
  follow(policy);
  happens(0, 1000);
  EXPECT_THAT(ejected(), IsEmpty()) << "switched off";
}

}  // namespace
}  // namespace sluice::balance
