// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/locality.h"

#include <gtest/gtest.h>

namespace sluice::balance {
namespace {

TEST(Locality, HasUpToThreeParts) {
  const auto whole = Locality::parse("eu/a/rack-1");
  EXPECT_EQ(whole.region, "eu");
  EXPECT_EQ(whole.zone, "a");
  EXPECT_EQ(whole.subzone, "rack-1");
  const auto region = Locality::parse("eu");
  EXPECT_EQ(region.region, "eu");
  EXPECT_EQ(region.zone, "");
  EXPECT_EQ(Locality::parse("/a").zone, "a");
}

TEST(Locality, PatternsCoverWhatTheyDoNotName) {
  const auto at = Locality::parse("eu/a/rack-1");
  EXPECT_TRUE(covers("*", at));
  EXPECT_TRUE(covers("eu/*", at));
  EXPECT_TRUE(covers("eu", at));
  EXPECT_TRUE(covers("eu/a", at));
  EXPECT_TRUE(covers("eu/a/*", at));
  EXPECT_TRUE(covers("eu/*/rack-1", at));
  EXPECT_TRUE(covers("eu/a/rack-1", at));
  EXPECT_FALSE(covers("eu/b/*", at));
  EXPECT_FALSE(covers("eu/a/rack-2", at));
  EXPECT_FALSE(covers("us", at));
  EXPECT_FALSE(covers("eu", Locality::parse("")));
  EXPECT_TRUE(covers("*", Locality::parse("")));
}

TEST(Locality, DistanceGrowsWithThePartThatDiffers) {
  const auto client = Locality::parse("eu/a/1");
  EXPECT_EQ(distance(client, Locality::parse("eu/a/1")), 0U);
  EXPECT_EQ(distance(client, Locality::parse("eu/a/2")), 1U);
  EXPECT_EQ(distance(client, Locality::parse("eu/b/1")), 2U);
  EXPECT_EQ(distance(client, Locality::parse("us/a/1")), 3U);
  EXPECT_EQ(distance(Locality::parse(""), client), 3U);
}

}  // namespace
}  // namespace sluice::balance
