// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/names.h"

#include <gmock/gmock.h>

namespace sluice::routing {
namespace {

TEST(Names, OnlyNamesWithoutADotGetTheRulesNamespace) {
  EXPECT_EQ(fullHost("Catalog", "shop", "cluster.local"), "catalog.shop.svc.cluster.local");
  EXPECT_EQ(fullHost("catalog.shop", "x", "cluster.local"), "catalog.shop");
  EXPECT_EQ(fullHost("a.b.", "x", "cluster.local"), "a.b");
  EXPECT_EQ(fullHost("*", "x", "cluster.local"), "*");
  EXPECT_EQ(fullHost("fd00::1", "x", "cluster.local"), "fd00::1");
}

TEST(Names, WildcardsNeedSomethingInFront) {
  EXPECT_TRUE(hostMatches("*.foo.com", "a.foo.com"));
  EXPECT_FALSE(hostMatches("*.foo.com", "foo.com"));
  EXPECT_TRUE(hostMatches("*", "foo.com"));
  EXPECT_TRUE(moreSpecific("*.foo.com", "*.com"));
  EXPECT_TRUE(moreSpecific("a.com", "*.a.very.long.com"));
}

}  // namespace
}  // namespace sluice::routing
