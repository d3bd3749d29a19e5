// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/uses.h"

#include <gmock/gmock.h>

namespace sluice::steering {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

alias_slot slot(uint32_t own, uint32_t alias) { return {1, own, alias}; }

/// Binding 1 names route 1, which names clusters 1 and 2; those have endpoints 1, 2 and 2, 3.
class UsesTest : public testing::Test {
 protected:
  UsesTest() {
    contents_.bindings[1] = {1, 0};
    contents_.routes[1].slots = {slot(1, 1)};
    contents_.routes[1].head.fallback = 2;
    contents_.clusters[1].slots = {slot(1, 2), slot(2, 2)};
    contents_.clusters[2].slots = {slot(2, 3)};
    uses_.hold(NAME_BINDING, 1);
  }

  Contents contents_;
  Uses uses_{contents_};
};

TEST_F(UsesTest, WhatABindingLeadsToIsUsed) {
  for (const auto& [kind, id] : {std::pair(NAME_ROUTE, 1U),
                                 {NAME_CLUSTER, 1U},
                                 {NAME_CLUSTER, 2U},
                                 {NAME_ENDPOINT, 1U},
                                 {NAME_ENDPOINT, 3U}})
    EXPECT_TRUE(uses_.isUsed(kind, id)) << kind << " " << id;
  EXPECT_FALSE(uses_.isUsed(NAME_ENDPOINT, 4));
  EXPECT_THAT(uses_.takeUnused(), IsEmpty());
}

TEST_F(UsesTest, EverythingGoesWithTheLastName) {
  uses_.hold(NAME_BINDING, 1);
  uses_.drop(NAME_BINDING, 1);
  EXPECT_THAT(uses_.takeUnused(), IsEmpty());
  uses_.drop(NAME_BINDING, 1);
  EXPECT_THAT(uses_.takeUnused(),
              ElementsAre(Pair(NAME_BINDING, 1), Pair(NAME_CLUSTER, 1), Pair(NAME_CLUSTER, 2),
                          Pair(NAME_ENDPOINT, 1), Pair(NAME_ENDPOINT, 2), Pair(NAME_ENDPOINT, 3),
                          Pair(NAME_ROUTE, 1)));
  EXPECT_THAT(uses_.takeUnused(), IsEmpty()) << "told once";
}

TEST_F(UsesTest, NewRouteKeepsWhatItSharesWithTheOld) {
  contents_.routes[2].slots = {slot(2, 2)};
  contents_.bindings[1].route = 2;
  uses_.bindingChanged(1);
  EXPECT_THAT(uses_.takeUnused(),
              ElementsAre(Pair(NAME_CLUSTER, 1), Pair(NAME_ENDPOINT, 1), Pair(NAME_ROUTE, 1)));
  EXPECT_TRUE(uses_.isUsed(NAME_ENDPOINT, 2));
}

TEST_F(UsesTest, MembersComeAndGo) {
  const auto before = contents_.clusters[1].slots;
  contents_.clusters[1].slots = {slot(2, 4)};
  uses_.clusterChanged(1, before);
  EXPECT_THAT(uses_.takeUnused(), ElementsAre(Pair(NAME_ENDPOINT, 1)));
  EXPECT_TRUE(uses_.isUsed(NAME_ENDPOINT, 4));
}

TEST_F(UsesTest, WhatNothingNamesIsNotCounted) {
  contents_.clusters[9].slots = {slot(8, 8)};
  uses_.clusterChanged(9, {});
  uses_.bindingChanged(7);
  EXPECT_FALSE(uses_.isUsed(NAME_ENDPOINT, 8));
  uses_.drop(NAME_ROUTE, 9);
  EXPECT_THAT(uses_.takeUnused(), IsEmpty());
}

TEST_F(UsesTest, UsedAgainBeforeItIsAskedForIsNotUnused) {
  uses_.drop(NAME_BINDING, 1);
  uses_.hold(NAME_BINDING, 1);
  EXPECT_THAT(uses_.takeUnused(), IsEmpty());
}

}  // namespace
}  // namespace sluice::steering
