// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/labels.h"

#include <gmock/gmock.h>

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Labels, AreInTheOrderOfTheirNamesAndEachThereOnce) {
  Labels labels{{"b", "2"}, {"a", "1"}, {"b", "3"}};
  labels["aa"] = "x";
  EXPECT_THAT(labels, ElementsAre(Pair("a", "1"), Pair("aa", "x"), Pair("b", "2")));
  EXPECT_EQ(labels.find("aa")->second, "x");
  EXPECT_EQ(labels.find("c"), labels.end());
}

TEST(Labels, MergingKeepsWhatIsThere) {
  Labels labels{{"a", "1"}};
  labels.merge({{"a", "2"}, {"b", "2"}});
  EXPECT_EQ(labels, (Labels{{"a", "1"}, {"b", "2"}}));
}

TEST(Labels, CopiesShareUntilOneIsChanged) {
  const Labels first{{"a", "1"}};
  Labels second = first;
  EXPECT_EQ(second.begin(), first.begin());
  second["a"] = "2";
  EXPECT_EQ(first.find("a")->second, "1");
  EXPECT_NE(first, second);
}

TEST(Labels, NoneAreAllTheSame) {
  Labels cleared{{"a", "1"}};
  cleared.clear();
  EXPECT_EQ(cleared, Labels());
  EXPECT_LT(Labels(), (Labels{{"a", "1"}}));
}

}  // namespace
}  // namespace sluice
