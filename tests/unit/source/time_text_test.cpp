// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/time_text.h"

#include <gtest/gtest.h>

namespace sluice::source {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsGo) {
  EXPECT_EQ(parseDuration("5s"), 5s);
  EXPECT_EQ(parseDuration("100ms"), 100ms);
  EXPECT_EQ(parseDuration("1h2m3.5s"), 1h + 2min + 3500ms);
  EXPECT_EQ(parseDuration("1.5h"), 90min);
  EXPECT_EQ(parseDuration(".5s"), 500ms);
  EXPECT_EQ(parseDuration("5.s"), 5s);
  EXPECT_EQ(parseDuration("0.001ms"), 1us);
  EXPECT_EQ(parseDuration("7us"), 7us);
  EXPECT_EQ(parseDuration("7\xC2\xB5s"), 7us);
  EXPECT_EQ(parseDuration("9ns"), 9ns);
  EXPECT_EQ(parseDuration("0"), 0s);
  EXPECT_EQ(parseDuration("-1s"), -1s);
}

TEST(Duration, RefusesTheRest) {
  for (const char* text : {"", "5", "s", "5 s", "1d", ".s", "+", "5s5", "1e3s", "9999999999h",
                           "99999999999999999999s", "2562047h48m"}) {
    EXPECT_EQ(parseDuration(text), std::nullopt) << text;
  }
}

TEST(Duration, IsWrittenInWholeUnits) {
  EXPECT_EQ(durationText(5s), "5s");
  EXPECT_EQ(durationText(90s), "1m30s");
  EXPECT_EQ(durationText(1500ms), "1s500ms");
  EXPECT_EQ(durationText(0s), "0s");
}

TEST(Time, ReadsRfc3339) {
  const auto midnight = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
  EXPECT_EQ(parseTime("2026-03-01T00:00:00Z"), midnight);
  EXPECT_EQ(parseTime("2026-03-01T01:30:00.75+01:30"), midnight);
  EXPECT_EQ(parseTime("2026-02-28T23:00:00-01:00"), midnight);
  EXPECT_EQ(parseTime("2026-03-01t00:00:01z"), midnight + 1s);
}

TEST(Time, RefusesTheRest) {
  for (const char* text :
       {"", "2026-03-01", "2026-02-30T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T00:00:00",
        "2026-03-01T00:00:00.Z", "2026-03-01T00:00:00+0100", "2026-3-1T00:00:00Z",
        "2026-03-01T00:60:00Z", "2026-03-01T00:00:00Zx"}) {
    EXPECT_EQ(parseTime(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice::source
