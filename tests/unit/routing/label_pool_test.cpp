// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/label_pool.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::routing {
namespace {

TEST(LabelPool, EqualLabelsAreOneObjectAsLongAsSomebodyHoldsThem) {
  LabelPool pool;
  const auto one = pool.share({{"app", "web"}});
  EXPECT_EQ(pool.share({{"app", "web"}}), one);
  EXPECT_NE(pool.share({{"app", "api"}}), one);
  EXPECT_EQ(*one, (Labels{{"app", "web"}}));
}

TEST(LabelPool, ForgettingOthersKeepsWhatIsHeld) {
  LabelPool pool;
  const auto held = pool.share({{"app", "web"}});
  for (int i = 0; i < 5000; ++i) pool.share({{"n", std::to_string(i)}});
  EXPECT_EQ(pool.share({{"app", "web"}}), held);
}

}  // namespace
}  // namespace sluice::routing
