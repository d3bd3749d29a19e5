// SPDX-License-Identifier: Apache-2.0
// What a table holds for certain, what it leaves open, and its bounds.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "userspace/routing/match/native.h"
#include "userspace/routing/match/table.h"

namespace sluice::match {
namespace {

using Kind = Pattern::Kind;

Condition path(Kind kind, std::string text) {
  Condition condition;
  condition.source = MATCH_PATH;
  condition.pattern = {kind, std::move(text)};
  return condition;
}

Condition header(std::string name, Kind kind, std::string text, bool refuses = false) {
  return {MATCH_HEADER, std::move(name), {kind, std::move(text)}, refuses};
}

std::vector<Alternative> alternativesOf(const std::vector<Condition>& conditions) {
  std::vector<Alternative> all;
  for (uint32_t i = 0; i < conditions.size(); ++i) all.push_back({i, {conditions[i]}});
  return all;
}

/// A table, and the walk of one request over it.
class Walk {
 public:
  explicit Walk(const std::vector<Alternative>& alternatives)
      : cells_(compileTable(alternatives)), table_{cells_.data()} {}
  explicit Walk(const std::vector<Condition>& conditions) : Walk(alternativesOf(conditions)) {}

  Walk& request(std::string_view path,
                const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    match_begin(&walk_);
    match_text parts[MATCH_LINE_PARTS] = {};
    parts[MATCH_PATH] = textOf(path);
    match_line(&table_, &walk_, parts);
    for (const auto& [name, value] : headers) {
      const auto name_text = textOf(name);
      const auto value_text = textOf(value);
      match_header(&table_, &walk_, &name_text, &value_text);
    }
    match_end(&table_, &walk_);
    return *this;
  }

  uint32_t first(uint32_t from = 0) const { return match_first(&table_, &walk_, from); }
  bool isCertain(uint32_t alternative) const {
    return match_is_certain(&table_, &walk_, alternative) != 0;
  }
  size_t cells() const { return cells_.size(); }
  uint32_t fields() const { return match_load(&table_, MATCH_HEAD_FIELDS).range.count; }

 private:
  std::vector<match_cell> cells_;
  match_table table_;
  match_walk walk_;
};

TEST(MatchTable, LiteralsAndSimpleExpressionsAreCertain) {
  Walk walk({path(Kind::kExact, "/a"), path(Kind::kPrefix, "/b"), path(Kind::kRegex, "/c[0-9]*")});
  EXPECT_EQ(walk.request("/a").first(), 0U);
  EXPECT_TRUE(walk.isCertain(0));
  EXPECT_EQ(walk.request("/bb").first(), 1U);
  EXPECT_TRUE(walk.isCertain(1));
  EXPECT_EQ(walk.request("/c12").first(), 2U);
  EXPECT_TRUE(walk.isCertain(2));
  EXPECT_EQ(walk.request("/d").first(), MATCH_NONE);
}

TEST(MatchTable, WhatIsNotUnderstoodIsAMaybeBehindThePrefixThatItNeeds) {
  Walk walk({path(Kind::kRegex, "/caf\xc3\xa9/\\b.*"), path(Kind::kPrefix, "/")});
  EXPECT_EQ(walk.request("/caf\xc3\xa9/x").first(), 0U);
  EXPECT_FALSE(walk.isCertain(0));
  EXPECT_EQ(walk.first(1), 1U);
  EXPECT_EQ(walk.request("/other").first(), 1U);
  EXPECT_TRUE(walk.isCertain(1));
}

TEST(MatchTable, ARefusalInDoubtKeepsTheAlternative) {
  Walk walk({header("x", Kind::kRegex, "word\\b", true)});
  EXPECT_EQ(walk.request("/", {{"x", "word"}}).first(), 0U);
  EXPECT_FALSE(walk.isCertain(0));
  walk.request("/");
  EXPECT_TRUE(walk.isCertain(0));
}

TEST(MatchTable, OneExplodingExpressionLeavesTheOthersCertain) {
  Walk walk({path(Kind::kRegex, ".*a.{20}"), path(Kind::kRegex, "/b.*"), path(Kind::kExact, "/c")});
  EXPECT_EQ(walk.request("/b").first(), 0U);
  EXPECT_FALSE(walk.isCertain(0));
  EXPECT_TRUE(walk.isCertain(1));
}

TEST(MatchTable, MoreExpressionsThanStatesKeepTheFirstOnes) {
  std::vector<Condition> conditions;
  for (int i = 0; i < 64; ++i)
    conditions.push_back(path(Kind::kRegex, ".*x" + std::to_string(i) + "y.*"));
  Walk walk(conditions);
  EXPECT_LT(walk.cells(), 100000U);
  EXPECT_EQ(walk.request("/x0y").first(), 0U);
  EXPECT_TRUE(walk.isCertain(0));
  EXPECT_EQ(walk.request("/x63y").first(63), 63U);
  EXPECT_FALSE(walk.isCertain(63));
}

TEST(MatchTable, FieldsThatFewAskForAreLeftOpen) {
  std::vector<Condition> conditions = {header("x-often", Kind::kExact, "1"),
                                       header("x-often", Kind::kExact, "2")};
  for (int i = 0; i < MATCH_MAX_FIELDS; ++i)
    conditions.push_back(header("x-" + std::to_string(i), Kind::kExact, "1"));
  Walk walk(conditions);
  EXPECT_EQ(walk.fields(), uint32_t{MATCH_MAX_FIELDS});
  walk.request("/", {{"x-often", "2"}});
  EXPECT_EQ(walk.first(), 1U);
  EXPECT_TRUE(walk.isCertain(1));
  // One field has found no room: its alternative is left although the header is not there.
  const auto open = walk.first(2);
  ASSERT_NE(open, MATCH_NONE);
  EXPECT_FALSE(walk.isCertain(open));
  EXPECT_EQ(walk.first(open + 1), MATCH_NONE);
}

TEST(MatchTable, ASecondConditionOnTheSameHeaderIsInDoubt) {
  Walk walk(std::vector<Alternative>{
      {0, {header("x", Kind::kExact, "1"), header("x", Kind::kExact, "2")}}});
  EXPECT_EQ(walk.request("/", {{"x", "1"}, {"x", "2"}}).first(), 0U);
  EXPECT_FALSE(walk.isCertain(0));
}

TEST(MatchTable, MoreLinesOfAHeaderThanThereIsRoomForAreUndecided) {
  Walk walk({header("x", Kind::kExact, "1")});
  const std::vector<std::pair<std::string, std::string>> lines(MATCH_MAX_LINES, {"x", "0"});
  EXPECT_EQ(walk.request("/", lines).first(), MATCH_NONE);
  auto more = lines;
  more.emplace_back("x", "1");
  EXPECT_EQ(walk.request("/", more).first(), MATCH_UNDECIDED);
}

TEST(MatchTable, TheFirstCommonBitIsFoundInEveryWordAndGroup) {
  std::vector<Condition> conditions;
  for (int i = 0; i < 10000; ++i)
    conditions.push_back(path(Kind::kPrefix, "/" + std::to_string(i) + "/"));
  Walk walk(conditions);
  for (const uint32_t i : {0U, 63U, 64U, 4095U, 4096U, 8191U, 8192U, 9999U}) {
    walk.request("/" + std::to_string(i) + "/x");
    EXPECT_EQ(walk.first(), i);
    EXPECT_EQ(walk.first(i), i);
    EXPECT_EQ(walk.first(i + 1), MATCH_NONE);
    EXPECT_TRUE(walk.isCertain(i));
  }
  // 150,000 cells: vectors and transitions are stored sparsely.
  EXPECT_LT(walk.cells(), 400000U);
}

TEST(MatchTable, AlternativesBeyondTheLastBitAreOneInDoubt) {
  std::vector<Condition> conditions(MATCH_MAX_ALTERNATIVES + 5, path(Kind::kExact, "/a"));
  conditions.back() = path(Kind::kExact, "/last");
  Walk walk(conditions);
  EXPECT_EQ(walk.request("/last").first(), uint32_t{MATCH_MAX_ALTERNATIVES - 1});
  EXPECT_FALSE(walk.isCertain(MATCH_MAX_ALTERNATIVES - 1));
}

TEST(MatchTable, TooManyBytesLeaveTheLaterLiteralsOpen) {
  std::vector<Condition> conditions;
  for (int i = 0; i < 120; ++i)
    conditions.push_back(path(Kind::kExact, std::string(10000, 'a') + std::to_string(i)));
  Walk walk(conditions);
  EXPECT_LT(walk.cells(), size_t{MATCH_MAX_CELLS});
  EXPECT_EQ(walk.request(conditions[0].pattern.text).first(), 0U);
  EXPECT_TRUE(walk.isCertain(0));
  EXPECT_EQ(walk.first(119), 119U);
  EXPECT_FALSE(walk.isCertain(119));
}

}  // namespace
}  // namespace sluice::match
