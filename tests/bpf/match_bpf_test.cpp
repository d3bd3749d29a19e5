// SPDX-License-Identifier: Apache-2.0
// The walk over match tables, run by the kernel and natively over the same tables and requests.
#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/bpf/match_program.h"
#include "tests/fuzz/match_cases.h"
#include "userspace/routing/matcher.h"
#include "userspace/routing/matcher_reference.h"

namespace sluice::test {
namespace {

using routing::Matcher;
using routing::ReferenceMatcher;
using routing::Rule;
using routing::Subject;

/// Puts a request into the program's memory.
class RequestWriter {
 public:
  RequestWriter(match_test_request& request, const Subject& subject) : request_(request) {
    const auto& view = subject.request();
    request_.parts[MATCH_PATH] = text(subject.path());
    request_.parts[MATCH_METHOD] = text(view.method);
    request_.parts[MATCH_SCHEME] = text(view.scheme);
    request_.parts[MATCH_AUTHORITY] = text(view.authority);
    request_.parts[MATCH_PATH_AND_QUERY] = text(subject.pathAndQuery());
    request_.query = text(subject.query());
    request_.header_count = 0;
    for (const auto& header : view.headers)
      request_.headers[request_.header_count++] = {text(header.name), text(header.value)};
  }

 private:
  match_text text(std::string_view bytes) {
    const match_text placed{at_, static_cast<uint32_t>(bytes.size())};
    std::copy(bytes.begin(), bytes.end(), request_.bytes + at_);
    at_ += placed.length;
    return placed;
  }

  match_test_request& request_;
  uint32_t at_ = 0;
};

class MatchKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    program_.reset(match_program__open_and_load());
    ASSERT_TRUE(program_) << "the verifier refuses the walk, or rights are missing";
  }

  /// Not at the start of the array: a map holds the tables of many services.
  void use(const Matcher& matcher) {
    constexpr uint32_t kBase = 7;
    ASSERT_LE(matcher.table().size() + kBase, size_t{MATCH_TEST_CELLS});
    std::copy(matcher.table().begin(), matcher.table().end(), program_->bss->cells + kBase);
    program_->bss->request.base = kBase;
  }

  match_test_answer ask(uint32_t from) {
    std::array<uint8_t, 64> packet{};
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = packet.data();
    options.data_size_in = packet.size();
    program_->bss->request.from = from;
    const int fd = bpf_program__fd(program_->progs.match_packet);
    EXPECT_EQ(bpf_prog_test_run_opts(fd, &options), 0);
    return program_->bss->answer;
  }

  /// The rule, when the conditions of alternatives in doubt are asked as the proxy asks them.
  std::optional<size_t> decide(const Matcher& matcher, const ReferenceMatcher& reference,
                               const Subject& subject) {
    RequestWriter(program_->bss->request, subject);
    auto answer = ask(0);
    if (answer.alternative == MATCH_UNDECIDED) {
      ++undecided_;
      return reference.firstMatch(subject);
    }
    while (answer.alternative != MATCH_NONE && !answer.is_certain) {
      ++in_doubt_;
      if (reference.holds(answer.alternative, subject)) break;
      answer = ask(answer.alternative + 1);
    }
    if (answer.alternative == MATCH_NONE) return std::nullopt;
    const auto first = matcher.table()[MATCH_HEAD_ALTERNATIVES].range.first;
    return matcher.table()[first + answer.alternative].alternative.rule;
  }

  struct Destroy {
    void operator()(match_program* program) const { match_program__destroy(program); }
  };
  std::unique_ptr<match_program, Destroy> program_;
  size_t undecided_ = 0;
  size_t in_doubt_ = 0;
};

Rule pathRule(std::string path) {
  Rule rule;
  rule.matches.emplace_back().uri = StringMatch{StringMatch::Kind::kExact, std::move(path)};
  return rule;
}

TEST_F(MatchKernel, DecidesAsTheProxyDoes) {
  std::mt19937 random(4);
  for (int round = 0; round < 200 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    std::vector<uint8_t> bytes(600);
    for (auto& byte : bytes) byte = static_cast<uint8_t>(random());
    Choices choices(bytes);
    const auto rules = randomRules(choices);
    const auto matcher = Matcher::compile(rules);
    const auto reference = ReferenceMatcher::compile(rules);
    ASSERT_TRUE(matcher.ok() && reference.ok());
    use(**matcher);
    for (int i = 0; i < 10; ++i) {
      auto request = randomRequest(choices);
      const auto view = request.view();
      const Subject subject(view);
      EXPECT_EQ(decide(**matcher, *reference, subject), (*matcher)->firstMatch(view));
    }
  }
  // The kernel decides alone, but not always: both ways have been seen.
  EXPECT_LT(undecided_, 20U);
  EXPECT_LT(in_doubt_, 400U);
  EXPECT_GT(in_doubt_, 0U);
}

TEST_F(MatchKernel, FindsTheLastOfAsManyRulesAsItsLoopsHold) {
  std::vector<Rule> rules;
  for (int i = 0; i < MATCH_GROUP_BITS; ++i) rules.push_back(pathRule("/" + std::to_string(i)));
  const auto matcher = Matcher::compile(rules);
  const auto reference = ReferenceMatcher::compile(rules);
  ASSERT_TRUE(matcher.ok() && reference.ok());
  use(**matcher);
  for (const size_t wanted : {size_t{0}, size_t{63}, size_t{64}, rules.size() - 1}) {
    const auto path = "/" + std::to_string(wanted);
    const routing::RequestView view{"GET", "http", "catalog", path, {}};
    EXPECT_EQ(decide(**matcher, *reference, Subject(view)), wanted);
  }
  EXPECT_EQ(undecided_ + in_doubt_, 0U);
}

TEST_F(MatchKernel, LeavesWhatIsLongerThanItsLoopsUndecided) {
  const std::vector<Rule> rules = {pathRule("/" + std::string(MATCH_TEXT_BOUND, 'a'))};
  const auto matcher = Matcher::compile(rules);
  const auto reference = ReferenceMatcher::compile(rules);
  ASSERT_TRUE(matcher.ok() && reference.ok());
  use(**matcher);
  const auto path = rules[0].matches[0].uri->value;
  const routing::RequestView view{"GET", "http", "catalog", path, {}};
  EXPECT_EQ(decide(**matcher, *reference, Subject(view)), 0U);
  EXPECT_EQ(undecided_, 1U);
}

}  // namespace
}  // namespace sluice::test
