// SPDX-License-Identifier: Apache-2.0
// The registry of codes: complete, without contradictions, and what docs/reference/codes.md says.
#include "userspace/model/codes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "userspace/analysis/analyzer.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::string textOf(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Codes, AreWellFormedAndUnique) {
  const re2::RE2 form("(IST|SLU)[0-9]{4}");
  std::set<std::string_view> seen;
  for (const CodeInfo& info : codes()) {
    EXPECT_TRUE(re2::RE2::FullMatch(info.code, form)) << info.code;
    EXPECT_TRUE(seen.insert(info.code).second) << info.code;
    EXPECT_FALSE(info.says.empty()) << info.code;
  }
}

TEST(Codes, StandInTheOrderOfTheirNumbers) {
  for (const std::string_view family : {"IST", "SLU"}) {
    std::vector<std::string_view> of_family;
    for (const CodeInfo& info : codes()) {
      if (info.code.starts_with(family)) of_family.push_back(info.code);
    }
    EXPECT_TRUE(std::ranges::is_sorted(of_family)) << family;
  }
}

TEST(Codes, ErrorsAndWarningsSayWhatToDo) {
  for (const CodeInfo& info : codes()) {
    EXPECT_TRUE(info.level == Diagnostic::Level::kInfo || !info.remedy.empty()) << info.code;
  }
}

TEST(Codes, OfRetiredOnesAreNotUsedAgain) {
  for (const RetiredCode& retired : retiredCodes()) {
    EXPECT_EQ(findCode(retired.code), nullptr) << retired.code;
    EXPECT_FALSE(retired.why.empty()) << retired.code;
  }
}

TEST(Codes, AreFoundByTheirText) {
  ASSERT_NE(findCode("IST0101"), nullptr);
  EXPECT_EQ(findCode("IST0101")->level, Diagnostic::Level::kError);
  EXPECT_EQ(findCode("IST9999"), nullptr);
  EXPECT_STREQ(code::kIstioNotFound, "IST0101");
}

/// Whoever writes a code into a source has to enter it here.
TEST(Codes, OfTheSourcesAreAllRegistered) {
  const re2::RE2 literal("\"((?:IST|SLU)[0-9]{4})\"");
  for (const auto& entry : fs::recursive_directory_iterator(SLUICE_SOURCES)) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".h") continue;
    const std::string text = textOf(entry.path());
    re2::StringPiece rest(text);
    for (std::string code; re2::RE2::FindAndConsume(&rest, literal, &code);) {
      EXPECT_NE(findCode(code), nullptr) << entry.path() << " " << code;
    }
  }
}

TEST(Codes, OfAnalyzersAreRegistered) {
  std::set<std::string_view> names;
  for (const auto& analyzer : analysis::analyzers()) {
    EXPECT_TRUE(names.insert(analyzer.name).second) << analyzer.name;
    EXPECT_FALSE(analyzer.codes.empty()) << analyzer.name;
    for (const char* code : analyzer.codes) EXPECT_NE(findCode(code), nullptr) << code;
  }
}

// docs/reference/codes.md

struct Group {
  std::string_view prefix, title, text;
};

constexpr Group kGroups[] = {
    {"SLU1", "Reading files", ""},
    {"IST", "Istio's checks", ""},
    {"SLU2", "Rules that do something else than one expects", ""},
    {"SLU3", "What this data plane can hold", ""},
    {"SLU4", "Why a route takes its path",
     "Shown by `sluicectl analyze`, `sluicectl explain` and `sluicectl get routes -o wide`.\n\n"},
    {"SLU5", "What else acts on a workload's connections",
     "Shown by `sluicectl status` and `sluicectl check`; more in "
     "[coexistence.md](../coexistence.md).\n\n"},
};

constexpr std::string_view kIntroduction = R"(# Codes

What Sluice says about configuration has a code, so that it can be looked up, filtered and counted.
Codes that start with `IST` are Istio's and mean what `istioctl analyze` means by them. A code that
was released keeps its meaning; the numbers of retired ones are not used again.

`sluicectl analyze -L` lists all codes and the checks that report them.
)";

std::string section(const CodeInfo& info) {
  std::string text =
      fmt::format("\n### {}\n{}: {}.\n", info.code, levelName(info.level), info.says);
  if (!info.more.empty()) text += fmt::format("\n{}\n", info.more);
  if (!info.remedy.empty()) text += fmt::format("\nWhat to do: {}.\n", info.remedy);
  return text;
}

std::string page() {
  std::string text(kIntroduction);
  for (const Group& group : kGroups) {
    text += fmt::format("\n## {}\n{}", group.title, group.text);
    for (const CodeInfo& info : codes()) {
      if (info.code.starts_with(group.prefix)) text += section(info);
    }
  }
  text += "\n## Retired\n| code | it |\n| --- | --- |\n";
  for (const RetiredCode& retired : retiredCodes()) {
    text += fmt::format("| {} | {} |\n", retired.code, retired.why);
  }
  return text;
}

/// With SLUICE_WRITE_REFERENCE in the environment the page is written instead.
TEST(Codes, PageIsUpToDate) {
  if (std::getenv("SLUICE_WRITE_REFERENCE") != nullptr) std::ofstream(SLUICE_CODES_PAGE) << page();
  EXPECT_EQ(textOf(SLUICE_CODES_PAGE), page())
      << "docs/reference/codes.md is stale; run this test once with SLUICE_WRITE_REFERENCE=1";
}

TEST(Codes, PageHasEachCodeOnce) {
  const std::string text = page();
  for (const CodeInfo& info : codes()) {
    const std::string heading = fmt::format("\n### {}\n", info.code);
    const auto first = text.find(heading);
    ASSERT_NE(first, std::string::npos) << info.code;
    EXPECT_EQ(text.find(heading, first + 1), std::string::npos) << info.code;
  }
}

}  // namespace
}  // namespace sluice
