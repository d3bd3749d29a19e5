// SPDX-License-Identifier: Apache-2.0
// Expressions in the automaton mean what they mean to RE2, or are left to it.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>
#include <vector>

#include "userspace/routing/match/dfa.h"
#include "userspace/routing/match/regex.h"

namespace sluice::match {
namespace {

constexpr size_t kStates = 4096;

enum class Answer { kNo, kYes, kUnknown };

/// What the automaton of one expression says of a text.
class Automaton {
 public:
  explicit Automaton(const std::string& expression) {
    size_t steps = 1 << 20;
    Nfa nfa;
    if (addRegex(nfa, 0, expression)) dfa_ = determinise(nfa, kStates, steps);
  }

  bool isHeld() const { return dfa_.has_value(); }

  Answer of(std::string_view text) const {
    uint32_t state = 0;
    for (const char c : text) state = next(dfa_->states[state], static_cast<unsigned char>(c));
    const auto& outcome = dfa_->outcomes[dfa_->states[state].outcome];
    if (!outcome.matches.empty()) return Answer::kYes;
    return outcome.unknown.empty() ? Answer::kNo : Answer::kUnknown;
  }

 private:
  uint32_t next(const Dfa::State& state, unsigned char byte) const {
    for (uint32_t i = 0; i < state.move_count; ++i) {
      const auto& move = dfa_->moves[state.first_move + i];
      if (move.byte_class == dfa_->classes.ofBytes()[byte]) return move.target;
    }
    return state.rest;
  }

  std::optional<Dfa> dfa_;
};

TEST(MatchRegex, AgreesWithRe2OnWholeTexts) {
  const std::vector<std::string> expressions = {"",
                                                "a",
                                                "/v[0-9]+",
                                                "/api/.*",
                                                ".*\\.(jpg|png)",
                                                "a|b|",
                                                "(a|b)*c",
                                                "a{2,3}",
                                                "(?:ab){2}",
                                                "a{2,}b?",
                                                "a{0}b",
                                                "[^/]+/x",
                                                "\\d+\\w?\\s",
                                                "[a-z_-]+",
                                                "[-a]b",
                                                "[]a]+",
                                                "(?i)Ab",
                                                "(?i)[^a]",
                                                "^a$|^b",
                                                "(a*)*b",
                                                "\\D\\W\\S",
                                                "[\\d/.]+",
                                                "a+?b*?",
                                                "^(.*?;)?(user=jason)(;.*)?$",
                                                "x]",
                                                "\\/\\-\\.",
                                                "((a|)+b)?"};
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "b",
                                          "A",
                                          "ab",
                                          "aB",
                                          "aa",
                                          "aaa",
                                          "aaaa",
                                          "abab",
                                          "aab",
                                          "abc",
                                          "cc",
                                          "c",
                                          "/v1",
                                          "/v",
                                          "/v12",
                                          "/api/",
                                          "/api/a\n",
                                          "x.jpg",
                                          "xjpg",
                                          "/x",
                                          "y/x",
                                          "1\n",
                                          "1a ",
                                          "a-_",
                                          "-b",
                                          "]a",
                                          "\n",
                                          "..",
                                          "1/.",
                                          "user=jason",
                                          "a=1;user=jason;b",
                                          "user=jasons",
                                          "x]",
                                          "/-.",
                                          "a!\t",
                                          "aab!"};
  for (const auto& expression : expressions) {
    SCOPED_TRACE(expression);
    const Automaton automaton(expression);
    ASSERT_TRUE(automaton.isHeld());
    for (const auto& text : texts)
      EXPECT_EQ(automaton.of(text), RE2::FullMatch(text, expression) ? Answer::kYes : Answer::kNo)
          << text;
  }
}

TEST(MatchRegex, LeavesCharactersOutsideAsciiOpenWhereTheyDecide) {
  EXPECT_EQ(Automaton("/a.*").of("/a\xc3\xa9"), Answer::kUnknown);
  EXPECT_EQ(Automaton("/a[^b]").of("/a\xff"), Answer::kUnknown);
  EXPECT_EQ(Automaton("(?i)k").of("\xe2\x84\xaa"), Answer::kUnknown);  // the Kelvin sign
  EXPECT_EQ(Automaton("/a[b-d]").of("/a\xc3\xa9"), Answer::kNo);
  EXPECT_EQ(Automaton("/a.*").of("/b\xc3\xa9"), Answer::kNo);
}

TEST(MatchRegex, LeavesTheRestToRe2) {
  for (const std::string expression :
       {"\\bword", "[[:alpha:]]", "\\pL", "a(?i)b", "(?P<name>a)", "\\x41", "\\Qa\\E", "a^b", "a$b",
        "(^a)", "caf\xc3\xa9", "[\xc3\xa9]", "a{", "x{,3}", "a**", "[a-\\d]", "[--a]", "\\_"})
    EXPECT_FALSE(Automaton(expression).isHeld()) << expression;
}

TEST(MatchRegex, PrefixesAreWhatEveryMatchBeginsWith) {
  EXPECT_EQ(prefixOfRegex("/api/v1/.*"), "/api/v1/");
  EXPECT_EQ(prefixOfRegex("^/a\\.b\\bc"), "/a.b");
  EXPECT_EQ(prefixOfRegex("/ab*"), "/a");
  EXPECT_EQ(prefixOfRegex("/ab{0}"), "/a");
  EXPECT_EQ(prefixOfRegex("/a\\.?"), "/a");
  EXPECT_EQ(prefixOfRegex("/caf\xc3\xa9?"), "/caf");
  EXPECT_EQ(prefixOfRegex("/a|/b"), "");
  EXPECT_EQ(prefixOfRegex("(?i)/a"), "");
  EXPECT_EQ(prefixOfRegex("\\Qa.b\\E"), "");
  EXPECT_EQ(prefixOfRegex("a\\"), "a");
}

TEST(MatchRegex, LeavesWhatIsTooLargeToRe2) {
  EXPECT_FALSE(Automaton("((a{1,100}){1,100}){1,100}").isHeld());
  EXPECT_FALSE(Automaton(std::string(1000, '(') + std::string(1000, ')')).isHeld());
  EXPECT_FALSE(Automaton(".*a.{20}").isHeld());
}

}  // namespace
}  // namespace sluice::match
