// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/label_pool.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

bool areOneObject(const Labels& a, const Labels& b) { return a.begin() == b.begin(); }

TEST(LabelPool, EqualLabelsAreOneObjectAsLongAsSomebodyHoldsThem) {
  LabelPool pool;
  const auto one = pool.share({{"app", "web"}});
  EXPECT_TRUE(areOneObject(pool.share({{"app", "web"}}), one));
  EXPECT_NE(pool.share({{"app", "api"}}), one);
  EXPECT_EQ(one, (Labels{{"app", "web"}}));
}

TEST(LabelPool, ForgettingOthersKeepsWhatIsHeld) {
  LabelPool pool;
  const auto held = pool.share({{"app", "web"}});
  for (int i = 0; i < 5000; ++i) pool.share({{"n", std::to_string(i)}});
  EXPECT_TRUE(areOneObject(pool.share({{"app", "web"}}), held));
}

/// The pool must not change with what is done to a copy.
TEST(LabelPool, AChangedCopyIsItsOwn) {
  LabelPool pool;
  auto copy = pool.share({{"app", "web"}});
  const auto other = pool.share({{"app", "web"}});
  copy["app"] = "api";
  EXPECT_EQ(other, (Labels{{"app", "web"}}));
  EXPECT_TRUE(areOneObject(pool.share({{"app", "web"}}), other));
}

}  // namespace
}  // namespace sluice
