// SPDX-License-Identifier: Apache-2.0
// The pages of docs/reference are right, and so are the examples.
#include "userspace/source/reference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>

#include "tests/unit/source/cases.h"
#include "tests/unit/source/decoded.h"
#include "userspace/source/kinds.h"
#include "userspace/source/limits.h"
#include "userspace/source/load.h"

namespace sluice::source {
namespace {

namespace fs = std::filesystem;

std::string reference() {
  std::ifstream file(SLUICE_REFERENCE);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << SLUICE_REFERENCE;
  return text.str();
}

constexpr const char* kResourcesPage = SLUICE_SOURCE_DIR "/docs/reference/resources.md";

/// With SLUICE_WRITE_REFERENCE in the environment the page is written instead.
TEST(Reference, OfResourcesIsWhatIsRead) {
  const std::string page = resourcesPage();
  if (std::getenv("SLUICE_WRITE_REFERENCE") != nullptr) std::ofstream(kResourcesPage) << page;
  EXPECT_TRUE(textOf(fs::path(kResourcesPage)) == page)
      << "docs/reference/resources.md is stale; run this test once with SLUICE_WRITE_REFERENCE=1";
}

/// Calls visit(message, field) for all that `message` leads to, each message once.
void walk(const Message& message, std::set<const Message*>& seen,
          const std::function<void(const Message&, const Field&)>& visit) {
  if (!seen.insert(&message).second) return;
  for (const Field& field : message.fields) {
    visit(message, field);
    if (field.group) walk(*field.group, seen, visit);
    const Message* nested = field.nested == nullptr ? nullptr : field.nested();
    if (nested != nullptr) walk(*nested, seen, visit);
  }
}

/// Links lead to the first of two equal headings.
bool hasNoHeadingTwice(const std::string& page) {
  std::istringstream lines(page);
  std::set<std::string> headings;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("##")) continue;
    const std::string heading = line.substr(line.find(' '));
    if (!headings.insert(heading).second) return false;
  }
  return true;
}

TEST(Reference, SaysWhatEachFieldMeans) {
  std::set<const Message*> seen;
  for (const Kind& kind : kinds()) {
    EXPECT_FALSE(kind.says.empty()) << kind.name;
    walk(kind.message(), seen, [](const Message& message, const Field& field) {
      if (field.kind != Field::Kind::kValue) return;
      EXPECT_TRUE(field.says.ends_with('.')) << message.name << " " << field.name;
    });
  }
  EXPECT_GT(seen.size(), 60U);
  EXPECT_TRUE(hasNoHeadingTwice(resourcesPage()));
}

TEST(Reference, StatesTheLimits) {
  const std::string text = reference();
  const auto thousands = [](uint64_t n) { return fmt::format("{},000 |", n / 1000); };
  for (const std::string& row : {
           fmt::format("size of a file | {} MiB |", kMaxFileBytes >> 20),
           fmt::format("files in the directory | {},000, of {} MiB together |", kMaxFiles / 1000,
                       kMaxDirectoryBytes >> 20),
           "documents in a file | " + thousands(kMaxDocuments),
           fmt::format("nesting | {} levels |", kMaxDepth),
           "often as it is used | " + thousands(kMaxNodes),
           fmt::format("findings shown of one resource | {} |", kMaxDiagnostics),
       }) {
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

TEST(Reference, ExampleIsRight) {
  const std::string text = reference();
  const std::string fence = "```yaml\n";
  const auto begin = text.find(fence) + fence.size();
  const auto file = decodeText(text.substr(begin, text.find("```\n", begin) - begin));
  EXPECT_EQ(file.documents.size(), 8U);
  for (const auto& document : file.documents) {
    EXPECT_TRUE(document.diagnostics().empty()) << document.id().text();
  }
}

/// Alone: examples are alternatives to each other.
TEST(Examples, EachFileIsRight) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_EXAMPLES)) {
    if (entry.path().extension() != ".yaml") continue;
    for (const auto& finding : load({entry.path().string()}).diagnostics) {
      ADD_FAILURE() << finding.position.text() << " " << finding.field << ": " << finding.message;
    }
    ++files;
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace sluice::source
