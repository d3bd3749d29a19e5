// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/list_text.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/unit/analysis/analyzed.h"

namespace sluice::analysis {
namespace {

TEST(ListText, ShowsAFew) {
  EXPECT_EQ(listText(std::vector<int>{}), "");
  EXPECT_EQ(listText(std::set<std::string>{"a", "b"}), "a, b");
  EXPECT_EQ(listText(std::vector<int>(8, 1)), "1, 1, 1, 1, 1, 1, 1, 1");
  EXPECT_EQ(listText(std::vector<int>(10, 1)), "1, 1, 1, 1, 1, 1, 1, 1 and 2 others");
}

TEST(ListText, ManyThatConflictAreNotEachToldOfAll) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += istio("Sidecar", "sidecar-" + std::to_string(i), "shop",
                  "outboundTrafficPolicy: {mode: ALLOW_ANY}");
  }
  const auto diagnostics = analyzed(text).diagnostics;
  EXPECT_GE(diagnostics.size(), 100U);
  for (const auto& diagnostic : diagnostics) EXPECT_LT(diagnostic.message.size(), 200U);
}

}  // namespace
}  // namespace sluice::analysis
