// SPDX-License-Identifier: Apache-2.0
// The conformance cases that concern what is read now. Anything else must still not crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "userspace/source/load.h"

namespace sluice::source {
namespace {

namespace fs = std::filesystem;

fs::path casesFolder() {
  const char* chosen = std::getenv("SLUICE_SHARED_CASES");
  return chosen != nullptr ? chosen : SLUICE_SHARED_CASES;
}

struct Case {
  std::string path, verdict, layer, codes, field;
};

std::vector<Case> manifest(const fs::path& folder) {
  std::vector<Case> cases;
  std::ifstream file(folder / "manifest.tsv");
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    Case c;
    for (std::string* column : {&c.path, &c.verdict, &c.layer, &c.codes, &c.field}) {
      std::getline(columns, *column, '\t');
    }
    cases.push_back(std::move(c));
  }
  return cases;
}

bool has(const Diagnostics& diagnostics, const std::string& code) {
  return std::ranges::any_of(diagnostics, [&](const auto& d) { return d.code == code; });
}

std::string text(const Diagnostics& diagnostics) {
  std::string lines;
  for (const auto& d : diagnostics) {
    lines += "  " + d.code + " " + d.field + " " + d.position.text() + ": " + d.message + "\n";
  }
  return lines;
}

/// Whether the case is about a kind or field that is not read yet.
bool concernsLater(const Diagnostics& diagnostics) {
  return has(diagnostics, "SLU1005") || has(diagnostics, "SLU1008");
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

TEST_F(Cases, WhatIsInvalidIsRefusedAtItsField) {
  int refused = 0;
  for (const Case& c : manifest(folder_)) {
    if (c.verdict != "reject") continue;
    const auto diagnostics = load({(folder_ / c.path).string()}).diagnostics;
    if (concernsLater(diagnostics)) continue;
    EXPECT_TRUE(hasError(diagnostics)) << c.path << "\n" << text(diagnostics);
    EXPECT_TRUE(std::ranges::any_of(diagnostics,
                                    [&](const auto& d) {
                                      return d.level == Diagnostic::Level::kError &&
                                             d.position.line > 0 && d.field == c.field;
                                    }))
        << c.path << " wants " << c.field << "\n"
        << text(diagnostics);
    ++refused;
  }
  // Falls when a field that is read now stops being read.
  EXPECT_GE(refused, 37);
  RecordProperty("refused", refused);
}

TEST_F(Cases, WhatIsValidIsTakenUnlessItIsNotSupportedYet) {
  int taken = 0;
  for (const Case& c : manifest(folder_)) {
    if (c.verdict != "accept") continue;
    const auto diagnostics = load({(folder_ / c.path).string()}).diagnostics;
    if (concernsLater(diagnostics)) continue;
    EXPECT_FALSE(hasError(diagnostics)) << c.path << "\n" << text(diagnostics);
    ++taken;
  }
  EXPECT_GE(taken, 19);
  RecordProperty("taken", taken);
}

}  // namespace
}  // namespace sluice::source
