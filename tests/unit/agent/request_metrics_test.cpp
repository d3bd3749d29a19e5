// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/request_metrics.h"

#include <gtest/gtest.h>

#include "userspace/proxy/config.h"

namespace sluice::agent {
namespace {

using observe::Requests;
using std::chrono::milliseconds;

constexpr WorkloadId kWeb{1};
constexpr WorkloadId kJob{2};
const std::map<WorkloadId, std::string> kNames{{kWeb, "shop/web"}, {kJob, "shop/job"}};

class RequestMetricsTest : public testing::Test {
 protected:
  RequestMetricsTest() { rename("api", "v1"); }

  /// What the same objects mean in another configuration.
  void rename(const std::string& host, const std::string& subset) {
    auto service = std::make_shared<routing::ServiceRoute>();
    service->service = {host, 80};
    route_.route = service;
    auto cluster = std::make_shared<routing::Cluster>();
    cluster->key = {host, 80, subset};
    cluster_.cluster = cluster;
  }

  proxy::RequestRecord answered(int status, WorkloadId source = kWeb) const {
    proxy::RequestRecord record;
    record.workload = source;
    record.status = status;
    record.duration = milliseconds(3);
    record.route = &route_;
    record.cluster = &cluster_;
    return record;
  }

  Requests collected(const std::map<WorkloadId, std::string>& names = kNames) {
    Requests sum;
    metrics_.collect(names, sum);
    return sum;
  }

  static uint64_t countOf(const Requests& requests) {
    uint64_t all = 0;
    for (const auto& [series, counts] : requests.series) all += counts.milliseconds.count();
    return all;
  }

  proxy::ProxyRoute route_;
  proxy::ProxyCluster cluster_;
  RequestMetrics metrics_;
};

TEST_F(RequestMetricsTest, CountsBySourceServiceSubsetAndStatus) {
  metrics_.record(answered(200));
  metrics_.record(answered(200));
  metrics_.record(answered(503));
  metrics_.record(answered(200, kJob));
  const auto requests = collected();
  ASSERT_EQ(requests.series.size(), 3u);
  const auto found = requests.series.find(
      {.source = "shop/web", .host = "api", .port = 80, .subset = "v1", .status = 200});
  ASSERT_NE(found, requests.series.end());
  EXPECT_EQ(found->second.milliseconds.count(), 2u);
  EXPECT_DOUBLE_EQ(found->second.milliseconds.sum(), 6);
}

/// Whatever the port is declared to speak.
TEST_F(RequestMetricsTest, CallsOfGrpcAreCountedByTheirOwnStatus) {
  auto call = answered(200);
  call.grpc = true;
  for (const int status : {0, 14, 14}) {
    call.grpc_status = status;
    metrics_.record(call);
  }
  metrics_.record(answered(200));
  const auto requests = collected();
  EXPECT_EQ(requests.series.size(), 3u);
  const auto found = requests.series.find({.source = "shop/web",
                                           .host = "api",
                                           .port = 80,
                                           .subset = "v1",
                                           .grpc = true,
                                           .status = 200,
                                           .grpc_status = 14});
  ASSERT_NE(found, requests.series.end());
  EXPECT_EQ(found->second.milliseconds.count(), 2u);
}

TEST_F(RequestMetricsTest, WorkersAddUp) {
  RequestMetrics other;
  metrics_.record(answered(200));
  other.record(answered(200));
  auto sum = collected();
  other.collect(kNames, sum);
  EXPECT_EQ(sum.series.size(), 1u);
  EXPECT_EQ(countOf(sum), 2u);
}

TEST_F(RequestMetricsTest, ConnectionsWithoutHttpAreNoRequests) {
  auto record = answered(0);
  record.opaque = true;
  record.request_bytes = 7;
  record.response_bytes = 50;
  metrics_.opened(record);
  metrics_.opened(record);
  metrics_.record(record);
  const auto found = collected();
  EXPECT_TRUE(found.series.empty());
  ASSERT_EQ(found.connections.size(), 1u);
  const auto& [series, counts] = *found.connections.begin();
  EXPECT_EQ(series.source, "shop/web");
  EXPECT_EQ(series.host, "api");
  EXPECT_EQ(counts.opened, 2u);
  EXPECT_EQ(counts.closed, 1u);
  EXPECT_EQ(counts.sent_bytes, 50u);
  EXPECT_EQ(counts.received_bytes, 7u);
  EXPECT_TRUE(collected({{kJob, "shop/job"}}).connections.empty());
  EXPECT_TRUE(collected().connections.empty()) << "what is forgotten stays so";
}

/// Objects of a new configuration may be where those of the last one were.
TEST_F(RequestMetricsTest, NamesAreThoseOfTheConfiguration) {
  metrics_.record(answered(200));
  rename("cart", "");
  auto record = answered(200);
  record.generation = 1;
  metrics_.record(record);
  const auto requests = collected();
  EXPECT_EQ(requests.series.size(), 2u);
  EXPECT_TRUE(requests.series.contains(
      {.source = "shop/web", .host = "cart", .port = 80, .subset = "", .status = 200}));
}

TEST_F(RequestMetricsTest, SeriesEndWithTheirWorkload) {
  metrics_.record(answered(200));
  metrics_.record(answered(200, kJob));
  EXPECT_EQ(countOf(collected({{kWeb, "shop/web"}})), 1u);
  EXPECT_EQ(countOf(collected()), 1u) << "what is forgotten stays so";
  metrics_.record(answered(200, kJob));
  EXPECT_EQ(countOf(collected()), 2u);
}

TEST_F(RequestMetricsTest, ServersThatAnswerAnythingFindALimit) {
  const int too_many = static_cast<int>(RequestMetrics::kMaxSeries) + 5;
  for (int status = 1; status <= too_many; ++status) metrics_.record(answered(status));
  metrics_.record(answered(1));
  const auto requests = collected();
  EXPECT_EQ(requests.series.size(), RequestMetrics::kMaxSeries);
  EXPECT_EQ(requests.uncounted, 5u);
}

}  // namespace
}  // namespace sluice::agent
