// SPDX-License-Identifier: Apache-2.0
#include "userspace/resolve/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_server.h"
#include "tests/support/manual_clock.h"

namespace sluice::resolve {
namespace {

using namespace std::chrono_literals;
using test::DnsServer;
using test::ip;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class NamesTest : public testing::Test {
 protected:
  /// Wants it, and waits for the first answer.
  void want(const std::string& name, Use use = Use::kAll) {
    names_.want({{name, use}});
    bool ready = false;
    names_.whenTried([&] { ready = true; });
    test::runUntil(*reactor_, [&] { return ready; });
  }

  /// Lets time pass, and what is due be answered.
  void pass(Duration time) {
    clock_.advance(time);
    const auto before = lookups();
    for (int i = 0; i < 3; ++i) reactor_->runOnce(0ms);
    if (queries() == asked_) return;
    asked_ = queries();
    test::runUntil(*reactor_, [&] { return lookups() > before; });
  }

  size_t queries() const {
    size_t sum = 0;
    for (const auto& [name, count] : server_.queries) sum += count;
    return sum;
  }
  uint64_t lookups() const {
    const auto& counters = names_.counters();
    return counters.answered + counters.empty + counters.failed;
  }
  const NameState& state(const std::string& name) const { return names_.states().at(name); }

  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  DnsServer server_{*reactor_};
  int changes_ = 0;
  size_t asked_ = 0;
  Names names_{*reactor_, {{server_.address()}, 5s, 1}, [this] { ++changes_; }};
};

TEST_F(NamesTest, NobodyWaitsForNothing) {
  bool ready = false;
  names_.whenTried([&] { ready = true; });
  EXPECT_TRUE(ready);
}

TEST_F(NamesTest, TheFirstAnswersAreThereWhenAllAreTried) {
  server_.zone["a.test"] = {{ip("10.0.0.2"), ip("10.0.0.1")}};
  names_.want({{"a.test", Use::kAll}, {"nobody.test", Use::kAll}});
  bool ready = false;
  names_.whenTried([&] { ready = true; });
  EXPECT_FALSE(ready);
  test::runUntil(*reactor_, [&] { return ready; });
  EXPECT_THAT(state("a.test").addresses, ElementsAre(ip("10.0.0.1"), ip("10.0.0.2")));
  EXPECT_THAT(state("nobody.test").problem, HasSubstr("no address"));
  EXPECT_EQ(changes_, 0) << "who waits is told once";
  EXPECT_EQ(names_.counters().answered, 1u);
  EXPECT_EQ(names_.counters().empty, 1u);
}

TEST_F(NamesTest, ASlowServerHoldsUpASecondAtMostAndItsAnswerIsSaidLater) {
  server_.zone["late.test"] = {{ip("10.0.0.1")}};
  server_.holds = true;
  names_.want({{"late.test", Use::kAll}});
  bool ready = false;
  names_.whenTried([&] { ready = true; });
  test::runUntil(*reactor_, [&] { return server_.queries["late.test"] == 1; });
  clock_.advance(Names::kPatience - 1ms);
  reactor_->runOnce(0ms);
  EXPECT_FALSE(ready);
  clock_.advance(1ms);
  reactor_->runOnce(0ms);
  EXPECT_TRUE(ready);
  EXPECT_FALSE(state("late.test").tried);

  server_.release();
  test::runUntil(*reactor_, [&] { return changes_ == 1; });
  EXPECT_THAT(state("late.test").addresses, ElementsAre(ip("10.0.0.1")));
}

TEST_F(NamesTest, LookedUpAgainWhenTheTtlIsOver) {
  server_.zone["a.test"] = {{ip("10.0.0.1")}, 20};
  want("a.test");
  asked_ = queries();
  server_.zone["a.test"].addresses = {ip("10.0.0.9")};
  pass(19s);
  EXPECT_EQ(server_.queries["a.test"], 1u);
  pass(3s);  // a tenth of jitter
  EXPECT_EQ(server_.queries["a.test"], 2u);
  EXPECT_THAT(state("a.test").addresses, ElementsAre(ip("10.0.0.9")));
  EXPECT_EQ(changes_, 1);
}

TEST_F(NamesTest, ATtlOfZeroAsksEveryFiveSecondsAndAnEndlessOneEveryFiveMinutes) {
  server_.zone["zero.test"] = {{ip("10.0.0.1")}, 0};
  want("zero.test");
  asked_ = queries();
  pass(4999ms);
  EXPECT_EQ(server_.queries["zero.test"], 1u);
  pass(501ms);
  EXPECT_EQ(server_.queries["zero.test"], 2u);

  server_.zone["long.test"] = {{ip("10.0.0.1")}, 1'000'000};
  want("long.test");
  asked_ = queries();
  pass(299s);
  EXPECT_EQ(server_.queries["long.test"], 1u);
  pass(31s);
  EXPECT_EQ(server_.queries["long.test"], 2u);
}

TEST_F(NamesTest, FailuresLeaveTheLastAddressesAndAreTriedAgainLaterEachTime) {
  server_.zone["a.test"] = {{ip("10.0.0.1")}, 5};
  want("a.test");
  asked_ = queries();
  server_.zone["a.test"].rcode_v4 = DnsServer::kServfail;
  pass(5500ms);
  EXPECT_EQ(names_.counters().failed, 1u);
  EXPECT_THAT(state("a.test").addresses, ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(state("a.test").problem, HasSubstr("DNS server"));
  uint64_t failed = 1;
  for (const Duration pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    pass(pause - 1ms);
    EXPECT_EQ(names_.counters().failed, failed) << pause.count();
    pass(pause / 10 + 1ms);
    EXPECT_EQ(names_.counters().failed, ++failed) << pause.count();
  }
  EXPECT_EQ(changes_, 0);
  server_.zone["a.test"].rcode_v4 = DnsServer::kNoError;
  pass(33s);
  EXPECT_EQ(state("a.test").problem, "");
}

TEST_F(NamesTest, ANameThatIsGoneHasNoAddresses) {
  server_.zone["a.test"] = {{ip("10.0.0.1")}, 5};
  want("a.test");
  asked_ = queries();
  server_.zone.clear();
  pass(5500ms);
  EXPECT_THAT(state("a.test").addresses, IsEmpty());
  EXPECT_EQ(changes_, 1);
}

TEST_F(NamesTest, TheOrderMattersWhereTheFirstIsUsed) {
  server_.zone["a.test"] = {{ip("10.0.0.1"), ip("10.0.0.2")}, 5};
  want("a.test");
  asked_ = queries();
  server_.zone["a.test"].addresses = {ip("10.0.0.2"), ip("10.0.0.1")};
  pass(5500ms);
  EXPECT_EQ(changes_, 0);

  names_.want({});
  want("a.test", Use::kFirst);
  asked_ = queries();
  EXPECT_EQ(state("a.test").addresses.front(), ip("10.0.0.2"));
  server_.zone["a.test"].addresses = {ip("10.0.0.1"), ip("10.0.0.2")};
  pass(5500ms);
  EXPECT_EQ(state("a.test").addresses.front(), ip("10.0.0.1"));
  EXPECT_EQ(changes_, 1);
}

TEST_F(NamesTest, WhatIsNotWantedAnyMoreIsNotAskedFor) {
  server_.zone["a.test"] = {{ip("10.0.0.1")}, 5};
  want("a.test");
  asked_ = queries();
  names_.want({});
  pass(10min);
  EXPECT_EQ(server_.queries["a.test"], 1u);
  EXPECT_TRUE(names_.states().empty());
}

TEST_F(NamesTest, OfManyAddressesTheFirst256AreUsed) {
  auto& addresses = server_.zone["many.test"].addresses;
  for (int i = 0; i < 300; ++i)
    addresses.push_back(ip("10.0." + std::to_string(i / 100) + "." + std::to_string(i % 100)));
  want("many.test");
  EXPECT_EQ(state("many.test").addresses.size(), Names::kMostAddresses);
  EXPECT_EQ(state("many.test").addresses.back(), ip("10.0.2.55"));
}

TEST_F(NamesTest, ManyNamesAreAllAnswered) {
  WantedNames wanted;
  for (int i = 0; i < 300; ++i) {
    const auto name = "n" + std::to_string(i) + ".test";
    server_.zone[name] = {{ip("10.0.0.1")}};
    wanted[name] = Use::kAll;
  }
  names_.want(wanted);
  bool ready = false;
  names_.whenTried([&] { ready = true; });
  test::runUntil(*reactor_, [&] { return ready; });
  EXPECT_EQ(names_.counters().answered, 300u);
}

}  // namespace
}  // namespace sluice::resolve
