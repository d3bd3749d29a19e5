// SPDX-License-Identifier: Apache-2.0
// The conformance cases that concern what is read now. Anything else must still not crash.
#include "tests/unit/source/cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "userspace/source/load.h"

namespace sluice::source {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string path, verdict, layer, codes, field;
};

std::vector<Case> manifest(const fs::path& folder) {
  std::vector<Case> cases;
  for (const auto& row : rowsOf(folder / "manifest.tsv")) {
    cases.push_back({row.at(0), row.at(1), row.at(2), row.at(3), row.at(4)});
  }
  return cases;
}

class Cases : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(folder_ / "manifest.tsv")) GTEST_SKIP() << "no cases in " << folder_;
  }
  fs::path folder_ = casesFolder();
};

TEST_F(Cases, NoneCrashes) {
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (entry.path().extension() != ".yaml") continue;
    load({entry.path().string()});
    ++files;
  }
  EXPECT_GT(files, 100U);
}

bool isRefusedAt(const std::string& field, const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics, [&](const Diagnostic& d) {
    return d.level == Diagnostic::Level::kError && d.code == "IST0106" && d.field == field &&
           d.position.line > 0;
  });
}

/// What reading alone must refuse: "schema", "schema+webhook", "type", "yaml".
bool isRefusedByReading(const Case& c) { return c.verdict == "reject" && c.layer != "webhook"; }

TEST_F(Cases, WhatTheApiServerRefusesIsRefusedAtItsField) {
  int refused = 0;
  for (const Case& c : manifest(folder_)) {
    if (!isRefusedByReading(c) || c.layer == "analyze") continue;
    const auto diagnostics = load({(folder_ / c.path).string()}).diagnostics;
    EXPECT_TRUE(isRefusedAt(c.field, diagnostics)) << c.path << " wants " << c.field << "\n"
                                                   << textOf(diagnostics);
    ++refused;
  }
  EXPECT_GT(refused, 30);
}

TEST_F(Cases, WhatIsNotRefusedIsRead) {
  int taken = 0;
  for (const Case& c : manifest(folder_)) {
    if (c.verdict == "reject" || c.layer == "analyze") continue;
    const auto diagnostics = load({(folder_ / c.path).string()}).diagnostics;
    EXPECT_FALSE(hasError(diagnostics)) << c.path << "\n" << textOf(diagnostics);
    ++taken;
  }
  EXPECT_GT(taken, 40);
}

}  // namespace
}  // namespace sluice::source
