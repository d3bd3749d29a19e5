// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/diagnostic.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Position, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((Position{"a.yaml", 14, 19}).text(), "a.yaml:14:19");
  EXPECT_EQ((Position{"a.yaml", 14, 0}).text(), "a.yaml:14");
  EXPECT_EQ((Position{"a.yaml", 0, 0}).text(), "a.yaml");
}

TEST(Diagnostics, OnlyErrorsAreErrors) {
  Diagnostics diagnostics(2);
  diagnostics[0].level = Diagnostic::Level::kWarning;
  diagnostics[1].level = Diagnostic::Level::kInfo;
  EXPECT_FALSE(hasError(diagnostics));
  diagnostics.emplace_back();
  EXPECT_TRUE(hasError(diagnostics));
}

}  // namespace
}  // namespace sluice
