// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/load_tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kWrk = R"(Running 1s test @ http://10.96.0.50/100
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   480.10us  160.24us   3.20ms   81.11%
    Req/Sec    66.45k     2.05k   69.23k    60.00%
  66104 requests in 1.00s, 15.38MB read
FIGURES 66104 1001500 0 310 40000 480 25443 3200 661
)";

TEST(Wrk, SaysRequestsTimeAndEveryLatency) {
  const auto outcome = Wrk::parse(kWrk);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_EQ(outcome->requests, 66104U);
  EXPECT_NEAR(outcome->rate, 66005.0, 0.1);
  EXPECT_EQ(outcome->latencies.count(), 66104U);
  EXPECT_EQ(outcome->latencies.percentile(50), 310U);
  EXPECT_EQ(outcome->latencies.percentile(99), 480U);
  EXPECT_EQ(outcome->latencies.percentile(99.9), 3200U);
}

TEST(Wrk, AnErrorIsNoFigure) {
  const auto outcome = Wrk::parse("FIGURES 66104 1001500 3 310 66104\n");
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().message(), HasSubstr("66104 1001500 3"));
}

TEST(Wrk, NothingToReadIsAnError) {
  EXPECT_FALSE(Wrk::parse("unable to connect to 10.96.0.50:80 Connection refused\n").ok());
  EXPECT_FALSE(Wrk::parse("FIGURES 0 1000000 0\n").ok());
}

constexpr std::string_view kH2load = R"(starting benchmark...
spawning thread #0: 8 total client(s). Timing-based test with 0s of warm-up time and 1s of main duration for measurements.
Warm-up started for thread #0.
Main benchmark duration is started for thread #0.
Main benchmark duration is over for thread #0. Stopping all clients.
Stopped all clients for thread #0

finished in 1.00s, 45678.00 req/s, 5.55MB/s
requests: 45678 total, 45806 started, 45678 done, 45678 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 45678 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 5.55MB (5820000) total, 456.78KB (467742) headers (space savings 90.00%), 4.36MB (4567800) data
)";

TEST(H2load, TakesTheRateFromItsReportAndLatenciesFromItsLog) {
  const auto outcome = H2load::parse(
      kH2load,
      "1700000000000000\t200\t310\n1700000000000100\t200\t290\n1700000000000200\t200\t900\n");
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_EQ(outcome->rate, 45678.0);
  EXPECT_EQ(outcome->requests, 3U);
  EXPECT_EQ(outcome->latencies.percentile(50), 310U);
  EXPECT_EQ(outcome->latencies.percentile(99), 900U);
}

TEST(H2load, AnswersThatAreNo2xxAreErrors) {
  EXPECT_FALSE(H2load::parse(kH2load, "1\t200\t310\n2\t503\t290\n").ok());
  EXPECT_FALSE(H2load::parse(kH2load, "1\t200\t310\n2\t-1\t290\n").ok());
}

TEST(H2load, FailuresAreErrorsWhereverTheyAreCounted) {
  for (const std::string word : {"failed", "errored"}) {
    std::string output(kH2load);
    output.replace(output.find("0 " + word), 1, "7");
    EXPECT_FALSE(H2load::parse(output, "1\t200\t310\n").ok()) << word;
  }
}

TEST(H2load, NothingToReadIsAnError) {
  EXPECT_FALSE(H2load::parse("", "").ok());
  EXPECT_FALSE(H2load::parse(kH2load, "").ok());
}

TEST(Load, OnlyCallsOfGrpcHaveABody) {
  const H2load::Files files{"log", "body"};
  const Load http2{.protocol = Protocol::kHttp2, .streams = 16};
  const Load grpc{.protocol = Protocol::kGrpc, .streams = 16};
  EXPECT_THAT(H2load::command(http2, 8, "http://a", false, files), Not(Contains("-d")));
  EXPECT_THAT(H2load::command(grpc, 8, "http://a", false, files), Contains("-d"));
  EXPECT_THAT(H2load::command(grpc, 8, "http://a", false, files),
              Not(Contains("user-group: beta")));
  EXPECT_THAT(H2load::command(grpc, 8, "http://a", true, files), Contains("user-group: beta"));
}

}  // namespace
}  // namespace sluice::test
