// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

SocketAddress server(uint16_t port) { return {*IpAddress::parse("10.0.0.1"), port}; }

/// Endpoints with the ports 1, 2 and 3; the third of another priority.
Cluster cluster() {
  Cluster made;
  made.key = {"catalog", 80, "v1"};
  made.endpoints = {{.address = server(1), .pod = "", .weight = 1, .share = 1},
                    {.address = server(2), .pod = "", .weight = 3, .share = 3},
                    {.address = server(3), .pod = "", .weight = 1, .priority = 1, .share = 0}};
  made.groups = {{"", 0, 0, 0}, {"", 1, 0, 0}};
  return made;
}

const std::string kName = "outbound|80|v1|catalog";

TEST(Health, ThatNothingIsKnownOfLeavesSharesAsTheyAre) {
  EXPECT_THAT(sharesUnder({}, cluster()), ElementsAre(1, 3, 0));
  Health others;
  others.avoided["outbound|80|v2|catalog"] = {server(1)};
  EXPECT_THAT(sharesUnder(others, cluster()), ElementsAre(1, 3, 0));
}

TEST(Health, SharesGoToThoseThatAreLeft) {
  Health health;
  health.avoided[kName] = {server(1), server(2)};
  EXPECT_THAT(sharesUnder(health, cluster()), ElementsAre(0, 0, 1));
  health.avoided[kName] = {server(1), server(2), server(3)};
  EXPECT_THAT(sharesUnder(health, cluster()), IsEmpty());
}

TEST(Health, WhoWarmsUpGetsAPartOfItsShare) {
  Health health;
  health.warmth[kName] = {{server(2), 50}};
  EXPECT_THAT(sharesUnder(health, cluster()), ElementsAre(2, 3, 0));
}

TEST(Health, ChangesNameTheirClusters) {
  Health before, after;
  before.avoided = {{"same", {server(1)}}, {"gone", {server(1)}}, {"other", {server(1)}}};
  after.avoided = {{"same", {server(1)}}, {"new", {server(1)}}, {"other", {server(2)}}};
  after.warmth = {{"cold", {{server(1), 10}}}};
  EXPECT_THAT(changedClusters(before, after), ElementsAre("cold", "gone", "new", "other"));
  EXPECT_THAT(changedClusters(after, after), IsEmpty());
}

TEST(Health, IsThatOfARouteThatMaySendThere) {
  const auto shared = std::make_shared<const Cluster>(cluster());
  ServiceRoute route;
  EXPECT_FALSE(usesAny(route, {kName}));
  route.plain = shared;
  EXPECT_TRUE(usesAny(route, {kName}));
  EXPECT_FALSE(usesAny(route, {"outbound|80||catalog"}));
  EXPECT_FALSE(usesAny(route, {}));
  ServiceRoute mirrored;
  mirrored.rules.edit().emplace_back().mirrors.emplace_back().target.cluster = shared;
  EXPECT_TRUE(usesAny(mirrored, {kName}));
  ServiceRoute bytes;
  bytes.l4_rules.emplace_back().destinations.emplace_back().cluster = shared;
  EXPECT_TRUE(usesAny(bytes, {kName}));
}

}  // namespace
}  // namespace sluice::routing
