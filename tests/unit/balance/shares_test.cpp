// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/shares.h"

#include <gmock/gmock.h>

#include <numeric>

namespace sluice::balance {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(Shares, AreTheWeightsWhereLocalitiesDoNotMatter) {
  const Group all[] = {{}};
  const Member members[] = {{0, 1, true}, {0, 3, true}, {0, 2, false}, {0, 2, true}};
  EXPECT_THAT(shares(members, all), ElementsAre(1, 3, 0, 2));
}

TEST(Shares, WithoutMembersThereAreNone) {
  const Group all[] = {{}};
  EXPECT_TRUE(shares({}, all).empty());
}

TEST(Shares, NothingHealthyGetsNothing) {
  const Group all[] = {{.weight = 5}};
  const Member members[] = {{0, 1, false}, {0, 1, false}};
  EXPECT_THAT(shares(members, all), Each(0U));
}

TEST(Shares, LocalitiesAreDrawnBeforeTheirEndpoints) {
  const Group zones[] = {{.weight = 20}, {.weight = 80}};
  const Member members[] = {{0, 1, true}, {1, 1, true}, {1, 1, true}, {1, 2, true}};
  EXPECT_THAT(shares(members, zones), ElementsAre(1, 1, 1, 2));
}

// Half of the endpoints of the first zone are left: 1.4 * 1/2 of its weight.
TEST(Shares, ALocalityLosesWeightWithItsEndpoints) {
  const Group zones[] = {{.weight = 50}, {.weight = 50}};
  const Member members[] = {{0, 1, true}, {0, 1, false}, {1, 1, true}};
  EXPECT_THAT(shares(members, zones), ElementsAre(7, 0, 10));
}

TEST(Shares, EndpointsThatAreNotMembersCountAsUnhealthy) {
  const Group zones[] = {{.weight = 50, .others = 1}, {.weight = 50}};
  const Member members[] = {{0, 1, true}, {1, 1, true}};
  EXPECT_THAT(shares(members, zones), ElementsAre(7, 10));
}

TEST(Shares, LowerPrioritiesWaitUntilTheFirstIsUnhealthy) {
  const Group near_and_far[] = {{.priority = 0}, {.priority = 1}};
  const Member members[] = {{0, 1, true}, {0, 1, true}, {1, 1, true}};
  EXPECT_THAT(shares(members, near_and_far), ElementsAre(1, 1, 0));
}

TEST(Shares, TrafficSpillsOverByEnvoysFactor) {
  const Group near_and_far[] = {{.priority = 0, .others = 1}, {.priority = 1}};
  const Member members[] = {{0, 1, true}, {1, 1, true}, {1, 1, true}};
  EXPECT_THAT(shares(members, near_and_far), ElementsAre(14, 3, 3));  // 70, 15, 15
}

TEST(Shares, AreExactToAMillionth) {
  const Group zones[] = {{.weight = 1}, {.weight = 1}};
  std::vector<Member> members(17, Member{0, 1, true});
  members.push_back({1, 1, true});
  const auto result = shares(members, zones);
  const auto sum = std::accumulate(result.begin(), result.end(), uint64_t{0});
  EXPECT_NEAR(static_cast<double>(result.back()) / static_cast<double>(sum), 0.5, 1e-6);
}

TEST(Shares, AWeightIsNeverRoundedAway) {
  const Group all[] = {{}};
  const Member members[] = {{0, 4'294'967'295, true}, {0, 1, true}};
  EXPECT_GT(shares(members, all)[1], 0U);
}

}  // namespace
}  // namespace sluice::balance
