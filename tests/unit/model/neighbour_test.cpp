// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/neighbour.h"

#include <gtest/gtest.h>

#include "userspace/model/codes.h"

namespace sluice {
namespace {

TEST(Neighbour, ThoseOfOneCodeStandTogether) {
  Neighbours found;
  addNeighbour(found, code::kCiliumSocketLb, "a");
  addNeighbour(found, code::kOtherProgram, "b");
  addNeighbour(found, code::kCiliumSocketLb, "c");
  EXPECT_EQ(found, (Neighbours{{code::kCiliumSocketLb, "a, c"}, {code::kOtherProgram, "b"}}));
}

TEST(Neighbour, MoreThanThereIsRoomForIsSaid) {
  Neighbours found;
  for (int i = 0; i < 100; ++i) addNeighbour(found, code::kOtherProgram, "program");
  EXPECT_LE(found.at(0).who.size(), kMaxWho);
  EXPECT_GT(found.at(0).who.size(), kMaxWho / 2);
  EXPECT_TRUE(found.at(0).who.ends_with("program, …")) << found.at(0).who;
}

TEST(Neighbour, ErrorsKeepAwayAndWarningsDoNot) {
  EXPECT_FALSE(keepsAway({}));
  EXPECT_FALSE(keepsAway({{code::kCiliumSocketLb, "x"}, {code::kOtherProgram, "y"}}));
  EXPECT_TRUE(keepsAway({{code::kCiliumSocketLb, "x"}, {code::kSidecar, "y"}}));
}

}  // namespace
}  // namespace sluice
