// SPDX-License-Identifier: Apache-2.0
// docs/reference/configuration.md names every field that is read; its example and the examples
// work.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "tests/unit/source/decoded.h"
#include "userspace/source/kinds.h"
#include "userspace/source/limits.h"
#include "userspace/source/load.h"

namespace sluice::source {
namespace {

std::string reference() {
  std::ifstream file(SLUICE_REFERENCE);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << SLUICE_REFERENCE;
  return text.str();
}

/// The text under each "### Name".
std::map<std::string, std::string> sections(const std::string& text) {
  std::map<std::string, std::string> result;
  std::istringstream lines(text);
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) name.clear();
    if (line.starts_with("### ")) name = line.substr(4);
    result[name] += line + "\n";
  }
  return result;
}

const std::set<std::string_view> kOfEveryKind = {"apiVersion", "kind", "status", "metadata"};

/// Calls visit(message, field) for all that `message` leads to, each message once.
void walk(const Message& message, std::string_view section, std::set<const Message*>& seen,
          const std::function<void(std::string_view, const Field&)>& visit) {
  if (!seen.insert(&message).second) return;
  for (const Field& field : message.fields) {
    visit(section, field);
    if (field.group) walk(*field.group, section, seen, visit);
    const Message* nested = field.nested == nullptr ? nullptr : field.nested();
    if (nested != nullptr) walk(*nested, nested->name, seen, visit);
  }
}

TEST(Reference, NamesEveryField) {
  const auto documented = sections(reference());
  std::set<const Message*> seen;
  for (const Kind& kind : kinds()) {
    walk(kind.message(), kind.name, seen, [&](std::string_view section, const Field& field) {
      if (kOfEveryKind.contains(field.name) || field.kind == Field::Kind::kIgnored) return;
      const auto found = documented.find(std::string(section));
      ASSERT_NE(found, documented.end()) << section;
      EXPECT_NE(found->second.find("`" + std::string(field.name) + "`"), std::string::npos)
          << section << " " << field.name;
    });
  }
  EXPECT_GT(seen.size(), 20U);
}

TEST(Reference, StatesTheLimits) {
  const std::string text = reference();
  const auto thousands = [](uint64_t n) { return fmt::format("{},000 |", n / 1000); };
  for (const std::string& row : {
           fmt::format("size of a file | {} MiB |", kMaxFileBytes >> 20),
           "files in the directory | " + thousands(kMaxFiles),
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
    EXPECT_TRUE(document.diagnostics.empty()) << document.id.text();
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
