// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/names.h"

#include <gmock/gmock.h>

namespace sluice::routing {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(Names, OnlyNamesWithoutADotGetTheRulesNamespace) {
  EXPECT_EQ(fullHost("Catalog", "shop", "cluster.local"), "catalog.shop.svc.cluster.local");
  EXPECT_EQ(fullHost("catalog.shop", "x", "cluster.local"), "catalog.shop");
  EXPECT_EQ(fullHost("a.b.", "x", "cluster.local"), "a.b");
  EXPECT_EQ(fullHost("catalog.", "x", "cluster.local"), "catalog.");
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

TEST(Names, SpellingsDependOnWhoCalls) {
  const std::string host = "catalog.shop.svc.cluster.local";
  EXPECT_THAT(otherSpellings(host, "shop", "cluster.local"),
              UnorderedElementsAre("catalog", "catalog.shop", "catalog.shop.svc", host + "."));
  EXPECT_THAT(otherSpellings(host, "other", "cluster.local"),
              UnorderedElementsAre("catalog.shop", "catalog.shop.svc", host + "."));
  EXPECT_THAT(otherSpellings("api.example", "shop", "cluster.local"), ElementsAre("api.example."));
}

TEST(Names, NameDotNamespaceIsRecognised) {
  EXPECT_EQ(meantByNameDotNamespace("catalog.shop", "cluster.local"),
            "catalog.shop.svc.cluster.local");
  EXPECT_EQ(meantByNameDotNamespace("a.b.c", "cluster.local"), "");
  EXPECT_EQ(meantByNameDotNamespace("*.shop", "cluster.local"), "");
}

TEST(Names, VisibilityInTheOrderInWhichIstioAsks) {
  EXPECT_EQ(visibilityFor({}, "shop", "other"), Visibility::kPublic);
  EXPECT_EQ(visibilityFor({"*", "shop"}, "shop", "shop"), Visibility::kPublic);
  EXPECT_EQ(visibilityFor({"."}, "shop", "shop"), Visibility::kPrivate);
  EXPECT_EQ(visibilityFor({"shop"}, "shop", "shop"), Visibility::kPrivate);
  EXPECT_EQ(visibilityFor({"other"}, "shop", "other"), Visibility::kExportedToClient);
  EXPECT_EQ(visibilityFor({"other"}, "shop", "shop"), Visibility::kHidden);
  EXPECT_EQ(visibilityFor({"~"}, "shop", "shop"), Visibility::kHidden);
}

}  // namespace
}  // namespace sluice::routing
