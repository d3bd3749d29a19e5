// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/grpc_timeout.h"

#include <gtest/gtest.h>

namespace sluice::proxy {
namespace {

using namespace std::chrono_literals;

TEST(GrpcTimeout, EachUnit) {
  EXPECT_EQ(grpcTimeout("2H"), 2h);
  EXPECT_EQ(grpcTimeout("3M"), 3min);
  EXPECT_EQ(grpcTimeout("4S"), 4s);
  EXPECT_EQ(grpcTimeout("05m"), 5ms);
  EXPECT_EQ(grpcTimeout("6u"), 6us);
  EXPECT_EQ(grpcTimeout("99999999n"), 99999999ns);
}

TEST(GrpcTimeout, WhatIsNoneIsNoLimit) {
  for (const char* none : {"", "m", "5", "5s", "-5S", "5 S", " 5S", "5.5S", "123456789S", "0S"})
    EXPECT_EQ(grpcTimeout(none), 0s) << none;
}

TEST(GrpcTimeout, LongerThanADurationHolds) { EXPECT_EQ(grpcTimeout("99999999H"), 24h * 365); }

TEST(GrpcTimeout, IsWrittenInTheSmallestUnitThatHoldsIt) {
  EXPECT_EQ(grpcTimeoutText(1500ms), "1500m");
  EXPECT_EQ(grpcTimeoutText(1us), "1m");
  EXPECT_EQ(grpcTimeoutText(99'999'999ms), "99999999m");
  EXPECT_EQ(grpcTimeoutText(100'000'000ms), "100000S");
  EXPECT_EQ(grpcTimeoutText(100'000'000s), "1666666M");
}

TEST(GrpcTimeout, TheRuleCapsIt) {
  EXPECT_EQ(cappedTimeout(2s, 5s), 2s);
  EXPECT_EQ(cappedTimeout(7s, 5s), 5s);
  EXPECT_EQ(cappedTimeout(0s, 5s), 5s);
  EXPECT_EQ(cappedTimeout(7s, 0s), 7s);
  EXPECT_EQ(cappedTimeout(0s, 0s), 0s);
}

}  // namespace
}  // namespace sluice::proxy
