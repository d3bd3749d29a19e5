// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/yaml.h"

#include <gtest/gtest.h>

#include "userspace/source/codes.h"
#include "userspace/source/limits.h"

namespace sluice::source {
namespace {

Documents parsed(std::string_view text) {
  auto result = parseYaml(text);
  if (const auto* error = std::get_if<YamlError>(&result)) {
    ADD_FAILURE() << error->message << " at " << error->place.line << ":" << error->place.column;
    return {};
  }
  return std::get<Documents>(std::move(result));
}

/// "SLU1002 2:1", or "fine".
std::string fault(std::string_view text) {
  const auto result = parseYaml(text);
  const auto* error = std::get_if<YamlError>(&result);
  if (error == nullptr) return "fine";
  return std::string(error->code) + " " + std::to_string(error->place.line) + ":" +
         std::to_string(error->place.column);
}

std::string repeated(std::string_view part, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST(Yaml, KeepsTheOrderAndPlacesOfDocuments) {
  const auto documents = parsed("a: 1\n---\n# nothing\n---\n- x\n- y\n");
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_EQ(documents[0]->find("a")->text, "1");
  EXPECT_EQ(documents[0]->find("a")->place.column, 4);
  ASSERT_EQ(documents[1]->items.size(), 2U);
  EXPECT_EQ(documents[1]->items[1]->place.line, 6);
}

TEST(Yaml, FilesOfCommentsHaveNoDocument) {
  for (const char* text : {"", "# only a comment\n", "---\n", "---\n# a\n---\n# b\n", "\n\n"}) {
    EXPECT_TRUE(parsed(text).empty()) << text;
  }
}

TEST(Yaml, TellsQuotedFromPlain) {
  const auto documents = parsed("{a: yes, b: 'yes', c: \"yes\", d: !!str yes}");
  EXPECT_FALSE(documents[0]->find("a")->quoted);
  EXPECT_TRUE(documents[0]->find("b")->quoted);
  EXPECT_TRUE(documents[0]->find("c")->quoted);
  EXPECT_TRUE(documents[0]->find("d")->quoted);
  EXPECT_TRUE(parsed("a: |\n  1\n")[0]->find("a")->quoted);
}

TEST(Yaml, ColonEndsAKeyOnlyBeforeABlank) {
  const auto texts = parsed("\xEF\xBB\xBFname: \"\xC3\xA4\"\na: [fd00::, 001:db8::]\n")[0];
  ASSERT_EQ(texts->find("a")->items.size(), 2U);
  EXPECT_EQ(texts->find("a")->items[0]->text, "fd00::");
  EXPECT_EQ(texts->find("a")->items[1]->text, "001:db8::");
  const auto maps = parsed("a: [b: , c: 1, 'd':]\n")[0];
  for (const auto& item : maps->find("a")->items) EXPECT_TRUE(item->isMap());
}

TEST(Yaml, MarksWhatHasAKeyTwice) {
  const auto twice = parsed("a: 1\nb: 2\na: 3\n")[0];
  EXPECT_TRUE(twice->repeats_a_key);
  EXPECT_EQ(twice->find("a")->text, "1");
  const auto inside = parsed("x: {k: 1, 'k': 2}\nz: {k: 1}\n")[0];
  EXPECT_FALSE(inside->repeats_a_key);
  EXPECT_TRUE(inside->repeats_keys_in);
  EXPECT_TRUE(inside->find("x")->repeats_a_key);
  EXPECT_FALSE(inside->find("z")->repeats_keys_in);
  EXPECT_FALSE(parsed("- {a: 1}\n- {a: 2}\n")[0]->repeats_keys_in);
}

TEST(Yaml, RefusesWhatKubernetesDoesNotMean) {
  EXPECT_EQ(fault("a: &x {k: 1}\nb:\n  <<: *x\n"), "SLU1001 3:3");
  EXPECT_EQ(fault("{[a]: 1}"), "SLU1001 1:2");
  EXPECT_EQ(fault("a: !!binary aGk="), "SLU1001 1:4");
  EXPECT_EQ(fault("a: !mine {}"), "SLU1001 1:4");
}

TEST(Yaml, KeysAreTypedAsKubernetesDoes) {
  const auto document = parsed("{y: 1, 'n': 2, 010: 3}\n")[0];
  EXPECT_NE(document->find("true"), nullptr);
  EXPECT_NE(document->find("n"), nullptr);
  EXPECT_NE(document->find("8"), nullptr);
  EXPECT_TRUE(parsed("{on: 1, yes: 2}\n")[0]->repeats_a_key) << "both are true";
}

TEST(Yaml, EscapesAreCharacters) {
  EXPECT_EQ(parsed("a: \"\\N\\_\\xE9\u20ac\\_\"\n")[0]->find("a")->text,
            "\u0085\u00a0\u00e9\u20ac\u00a0");
}

TEST(Yaml, SaysWhereTheSyntaxIsWrong) {
  EXPECT_EQ(fault("a: [1, 2\nb: 3\n").substr(0, 7), "SLU1001");
  EXPECT_EQ(fault("a: 1\n b: 2\n"), "SLU1001 2:3");
  EXPECT_EQ(fault("a: *nobody"), "SLU1001 1:4");
}

TEST(Yaml, RefusesADocumentThatNeverStarts) {
  EXPECT_EQ(fault("a: 1\n...\n, b\n"), "SLU1001 3:1");
  EXPECT_EQ(fault("a: 1\n...\n]\n"), "SLU1001 3:1");
  EXPECT_EQ(fault("a: 1\n...\n...\n---\n---\nb: 1\n"), "fine");
}

TEST(Yaml, RefusesWhatIsNoText) {
  EXPECT_EQ(fault(std::string_view("a: \0b", 5)), "SLU1001 1:4");
  EXPECT_EQ(fault("a: 1\nb: \xff\n"), "SLU1001 2:4");
  EXPECT_EQ(fault("a: \xc0\xaf"), "SLU1001 1:4");
  EXPECT_EQ(fault("a: \xed\xa0\x80"), "SLU1001 1:4");
  EXPECT_EQ(fault("a: \xe2\x82\xac \xf0\x9f\x98\x80"), "fine");
}

TEST(Yaml, AliasesStandForTheirAnchor) {
  const auto documents = parsed("a: &x [1, 2]\nb: *x\n");
  EXPECT_EQ(documents[0]->find("b")->items.size(), 2U);
}

TEST(Yaml, RefusesAnAliasInsideItself) { EXPECT_EQ(fault("a: &x [*x]\n"), "SLU1001 1:8"); }

TEST(Yaml, RefusesAliasesThatMultiply) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    text += name + ": &" + name + " [" + repeated(last + ", ", 9) + last + "]\n";
  }
  EXPECT_EQ(fault(text).substr(0, 7), code::kLimit);
}

TEST(Yaml, LimitsDepth) {
  const auto nested = [](size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  EXPECT_EQ(fault(nested(kMaxDepth)), "fine");
  EXPECT_EQ(fault(nested(kMaxDepth + 1)).substr(0, 7), code::kLimit);
  EXPECT_EQ(fault(repeated("[", 1'000'000)).substr(0, 7), code::kLimit);
  EXPECT_EQ(fault(repeated("- ", 100'000)).substr(0, 7), code::kLimit);
}

TEST(Yaml, LimitsDepthThroughAliases) {
  const std::string deep = repeated("[", kMaxDepth - 1) + repeated("]", kMaxDepth - 1);
  EXPECT_EQ(fault("[&x " + deep + "]"), "fine");
  EXPECT_EQ(fault("[&x " + deep + ", [*x]]").substr(0, 7), code::kLimit);
}

TEST(Yaml, LimitsSizes) {
  EXPECT_EQ(fault(std::string(kMaxFileBytes + 1, '#')).substr(0, 7), code::kLimit);
  EXPECT_EQ(fault("[" + repeated("1,", kMaxNodes) + "1]").substr(0, 7), code::kLimit);
  const auto half = "--- [" + repeated("1,", kMaxNodes / 2) + "1]\n";
  EXPECT_EQ(fault(half), "fine");
  EXPECT_EQ(fault(half + half).substr(0, 7), code::kLimit);
  EXPECT_EQ(fault(repeated("--- a\n", kMaxDocuments)), "fine");
  EXPECT_EQ(fault(repeated("--- a\n", kMaxDocuments + 1)).substr(0, 7), code::kLimit);
}

}  // namespace
}  // namespace sluice::source
