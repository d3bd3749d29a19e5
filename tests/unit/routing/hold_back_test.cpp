// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/hold_back.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/builders.h"

namespace sluice::routing {
namespace {

using test::meta;
using test::World;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<const Snapshot> snapshot(const World& world) {
  return std::make_shared<const Snapshot>(world.snapshot);
}

VirtualService sendTo(const std::string& subset) {
  return test::virtualService(meta("catalog"), {"catalog"},
                              {test::route({test::to("catalog", subset)})});
}

DestinationRule defining(const std::vector<std::string>& subsets, std::string host = "catalog") {
  return test::versions(meta("catalog"), std::move(host), subsets);
}

const VirtualService& service(const Consistent& result) {
  return *result.snapshot->virtual_services[0];
}

std::vector<std::string> subsets(const Consistent& result) {
  std::vector<std::string> names;
  for (const auto& rule : result.snapshot->destination_rules)
    for (const auto& subset : rule->subsets) names.push_back(subset.name);
  return names;
}

/// In force at first: everything to v1, which is defined.
class HoldBackTest : public testing::Test {
 protected:
  Consistent next(const World& world) {
    auto result = hold_back_.update(snapshot(world), in_force_);
    in_force_ = result.snapshot;
    return result;
  }

  HoldBack hold_back_;
  std::shared_ptr<const Snapshot> in_force_ =
      snapshot(World().add(sendTo("v1")).add(defining({"v1"})));
};

/// The rule is looked through to its end, also when what was looked for is its first subset.
TEST_F(HoldBackTest, RuleMayDefineMoreThanIsNamed) {
  const auto given =
      snapshot(World().add(sendTo("v2")).add(defining({"v2", "a-longer-name-of-a-subset", "v3"})));
  EXPECT_EQ(hold_back_.update(given, in_force_).snapshot, given);
}

TEST_F(HoldBackTest, WhatIsCompleteIsTakenAsItIs) {
  const auto given = snapshot(World().add(sendTo("v2")).add(defining({"v2"})));
  const auto result = hold_back_.update(given, in_force_);
  EXPECT_EQ(result.snapshot, given);
  EXPECT_THAT(result.held, IsEmpty());
}

TEST_F(HoldBackTest, VirtualServiceBeforeItsDestinationRuleWaits) {
  auto result = next(World().add(sendTo("v2")).add(defining({"v1"})));
  EXPECT_EQ(service(result), sendTo("v1"));
  ASSERT_EQ(result.held.size(), 1U);
  EXPECT_EQ(result.held[0].resource, "VirtualService/default/catalog");
  EXPECT_THAT(result.held[0].why, HasSubstr("subset v2 of catalog.default.svc.cluster.local"));

  result = next(World().add(sendTo("v2")).add(defining({"v1", "v2"})));
  EXPECT_EQ(service(result), sendTo("v2"));
  EXPECT_THAT(result.held, IsEmpty());
}

TEST_F(HoldBackTest, DeletedDestinationRuleStaysWhileItIsNamed) {
  auto result = next(World().add(sendTo("v1")));
  EXPECT_THAT(subsets(result), ElementsAre("v1"));
  ASSERT_EQ(result.held.size(), 1U);
  EXPECT_EQ(result.held[0].resource, "DestinationRule/default/catalog");

  EXPECT_THAT(subsets(next(World().add(sendTo("v1")))), ElementsAre("v1")) << "for as long";
  EXPECT_THAT(subsets(next(World())), IsEmpty()) << "and no longer";
}

TEST_F(HoldBackTest, RenamedSubsetKeepsItsOldNameBesideTheNewOne) {
  const auto result = next(World().add(sendTo("v1")).add(defining({"stable"})));
  EXPECT_THAT(subsets(result), ElementsAre("stable", "v1"));
  EXPECT_THAT(subsets(next(World().add(sendTo("stable")).add(defining({"stable"})))),
              ElementsAre("stable"));
}

TEST_F(HoldBackTest, ChangedServiceAndDeletedRuleKeepBothLastVersions) {
  const auto result = next(World().add(sendTo("v2")));
  EXPECT_EQ(service(result), sendTo("v1"));
  EXPECT_THAT(subsets(result), ElementsAre("v1"));
  EXPECT_EQ(result.held.size(), 2U);
}

TEST_F(HoldBackTest, WhatWasNeverDefinedIsNotHeldBack) {
  in_force_ = std::make_shared<const Snapshot>();
  const auto result = next(World().add(sendTo("v1")));
  EXPECT_EQ(service(result), sendTo("v1"));
  EXPECT_THAT(result.held, IsEmpty());
}

TEST_F(HoldBackTest, VersionThatWasNotCompleteItselfIsNotKept) {
  in_force_ = snapshot(World().add(sendTo("v8")).add(defining({"v1"})));
  const auto result = next(World().add(sendTo("v9")).add(defining({"v1"})));
  EXPECT_EQ(service(result), sendTo("v9"));
  EXPECT_THAT(result.held, IsEmpty());
}

TEST_F(HoldBackTest, SubsetsOfAnotherHostDoNotCount) {
  const auto result = next(World().add(sendTo("v1")).add(defining({"v1"}, "cart")));
  EXPECT_EQ(result.snapshot->destination_rules[0]->host, "cart")
      << "a rule that is about another host now cannot have its old subsets as well";
  EXPECT_THAT(result.held, IsEmpty());
}

TEST_F(HoldBackTest, WildcardRulesDefineSubsets) {
  const auto result =
      next(World().add(sendTo("v1")).add(defining({"v1"}, "*.default.svc.cluster.local")));
  EXPECT_THAT(result.held, IsEmpty());
}

TEST_F(HoldBackTest, FollowsTheClusterDomain) {
  World moved;
  moved.add(sendTo("v1")).add(defining({"v1"}));
  moved.snapshot.agent.cluster_domain = "example.org";
  EXPECT_THAT(next(moved).held, IsEmpty());
  World without;
  without.add(sendTo("v1"));
  without.snapshot.agent.cluster_domain = "example.org";
  EXPECT_THAT(subsets(next(without)), ElementsAre("v1"));
}

TEST_F(HoldBackTest, MirrorsAndConnectionRulesNameSubsetsToo) {
  auto mirrored = sendTo("v1");
  mirrored.http[0].mirror = Destination{"catalog", "v9", {}};
  auto mirrored_twice = sendTo("v1");
  mirrored_twice.http[0].mirrors = {{Destination{"catalog", "v9", {}}, {}}};
  auto tcp = sendTo("v1");
  tcp.tcp = {{{}, {test::to("catalog", "v9")}}};
  auto tls = sendTo("v1");
  tls.tls = {{{}, {test::to("catalog", "v9")}}};
  for (const auto& changed : {mirrored, mirrored_twice, tcp, tls}) {
    const auto result = next(World().add(changed).add(defining({"v1"})));
    EXPECT_EQ(service(result), sendTo("v1"));
  }
}

}  // namespace
}  // namespace sluice::routing
