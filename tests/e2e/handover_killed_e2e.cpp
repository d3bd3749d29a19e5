// SPDX-License-Identifier: Apache-2.0
// A sluiced that takes the place of another is killed at one step or another: one of the two is
// always at work (docs/adr/0013-handover.md). SLUICE_KILL_POINTS as in kill_e2e.cpp.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <thread>

#include "tests/e2e/footprint.h"
#include "tests/e2e/handover.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Kills a successor that is about to take its first step, by `how`: options of the killer.
Result<Process> watchSuccessor(pid_t successor, const Arguments& how) {
  Arguments argv = {programPath("killer"), "--process", std::to_string(successor)};
  argv.insert(argv.end(), how.begin(), how.end());
  auto killer = spawn(nullptr, argv, Output::kPipe);
  if (!killer) return killer;
  if (auto watching = killer->readLine(10s); !watching) return std::move(watching).error();
  return killer;
}

/// All programs of a workload have been swapped before its first pin is moved.
TEST_F(Handover, WorkloadsThatAnotherVersionHadMovedAreMovedBackWhenItIsKilled) {
  const auto old = sluiced().brokerPid();
  sluiced().use(Version::kOther);
  for (const char* pin : {"1", "4", "7"}) {
    SCOPED_TRACE(pin);
    const auto outcome = loadDuring(
        [&] {
          auto next = sluiced().successorHeld();
          ASSERT_TRUE(next.ok()) << next.error().message();
          auto killer = watchSuccessor(next->brokerPid(), {"--of", "rename", "--at", pin});
          ASSERT_TRUE(killer.ok()) << killer.error().message();
          const auto killed = killer->readLine(60s);
          ASSERT_TRUE(killed.ok()) << killed.error().message();
          ASSERT_TRUE(next->waitEnd(30s).ok());
          ASSERT_TRUE(sluiced().waitReady().ok());
          ASSERT_TRUE(
              inTime([this] { return pinnedVersions(shop().lab()) == 1 ? "one" : "two"; }, "one"));
        },
        true);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message();
    EXPECT_EQ(sluiced().status()->value("brokerPid", 0), old);
    expectRulesChange();
  }
  ASSERT_NO_FATAL_FAILURE(takeOver(Version::kOther));
  expectRulesChange();
}

/// The process that `parent` has started; 0: none within ten seconds.
pid_t childOf(pid_t parent) {
  const auto children = fmt::format("/proc/{0}/task/{0}/children", parent);
  for (int tries = 0; tries < 10000; ++tries) {
    pid_t child = 0;
    if (std::ifstream(children) >> child) return child;
    std::this_thread::sleep_for(1ms);
  }
  return 0;
}

/// There is nobody any more to give the place back to.
TEST_F(Handover, WhoseAgentEndsGoesOnWhereTheOneBeforeItHasDied) {
  auto next = sluiced().successor();
  ASSERT_TRUE(next.ok()) << next.error().message();
  const auto agent = childOf(next->brokerPid());
  ASSERT_NE(agent, 0);
  // The old one does not say that it has stopped accepting, so that the new one does not serve.
  ASSERT_EQ(::kill(sluiced().brokerPid(), SIGSTOP), 0);
  ASSERT_EQ(::kill(agent, SIGSTOP), 0);
  ASSERT_TRUE(sluiced().kill().ok());
  ASSERT_EQ(::kill(agent, SIGKILL), 0);
  sluiced() = *std::move(next);
  const auto serves = sluiced().waitServing();
  ASSERT_TRUE(serves.ok()) << serves.error().message();
  expectRulesChange();
}

enum class Role { kBroker, kAgent };

class KilledHandover : public Handover, public testing::WithParamInterface<Role> {
 protected:
  /// The victim in a successor that is about to take its first step, and what kills it.
  Result<Process> watch(pid_t successor, uint64_t at) const {
    Arguments how = {"--at", std::to_string(at)};
    if (GetParam() == Role::kAgent) how.emplace_back("--children");
    return watchSuccessor(successor, how);
  }

  Result<uint64_t> steps() {
    auto next = sluiced().successorHeld();
    if (!next) return std::move(next).error();
    auto killer = watch(next->brokerPid(), 0);
    if (!killer) return std::move(killer).error();
    SLUICE_TRY(next->waitServing());
    SLUICE_TRY(killer->signal(SIGTERM));
    auto line = killer->readLine(5s);
    if (!line) return std::move(line).error();
    before_.push_back(std::exchange(sluiced(), *std::move(next)));
    return std::stoull(*line);
  }

  static std::string said(const Result<std::string>& line) {
    return line.ok() ? *line : "not reached";
  }

  /// Who has the place when all has settled; 0: nobody.
  pid_t holder() {
    for (int tries = 0; tries < 100; ++tries) {
      if (const auto status = sluiced().status(); status.ok()) return status->value("brokerPid", 0);
      std::this_thread::sleep_for(100ms);
    }
    return 0;
  }

  /// Nobody serves: only because the one that went had given its place away for good, and ends in
  /// order, and the one that had it is dead.
  void expectGivenAway(SluicedProcess& next) {
    EXPECT_FALSE(next.running());
    const auto status = sluiced().waitEnd(60s);
    ASSERT_TRUE(status.ok()) << "it has its place, and does not serve";
    EXPECT_EQ(*status, 0);
  }

  void killAt(uint64_t at, uint64_t steps) {
    std::optional<SluicedProcess> next;
    std::string where;
    const auto outcome = loadDuring([&] {
      auto held = sluiced().successorHeld();
      ASSERT_TRUE(held.ok()) << held.error().message();
      next.emplace(*std::move(held));
      auto killer = watch(next->brokerPid(), at);
      ASSERT_TRUE(killer.ok()) << killer.error().message();
      where = fmt::format("step {} of {}: {}", at, steps, said(killer->readLine(20s)));
      // Unless it has the place it ends, with its agent or after it.
      if (next->waitEnd(3s).ok() && sluiced().running()) holder();
    });
    SCOPED_TRACE(where);
    ASSERT_TRUE(next.has_value());
    const pid_t who = holder();
    std::cout << where << (who == sluiced().brokerPid() ? "; the old one goes on" : "")
              << std::endl;
    if (who == sluiced().brokerPid()) {
      ++rollbacks_;
      EXPECT_TRUE(outcome.ok()) << outcome.error().message();
    } else if (who == next->brokerPid()) {
      before_.push_back(std::exchange(sluiced(), *std::move(next)));
    } else {  // a crash like any other: it had the place
      ASSERT_NO_FATAL_FAILURE(expectGivenAway(*next));
      ASSERT_TRUE(sluiced().startAgain().ok());
    }
    const auto version = ++changes_ % 2 == 0 ? "v1" : "v2";
    ASSERT_TRUE(applyText("rule.yaml", betaTo(version, "v1")).ok());
    expectBeta(version);
  }

  int rollbacks_ = 0, changes_ = 0;
};

TEST_P(KilledHandover, LeavesOneOfThemAtWork) {
  const auto all = steps();
  ASSERT_TRUE(all.ok()) << all.error().message();
  const char* given = std::getenv("SLUICE_KILL_POINTS");
  const uint64_t wanted = given == nullptr ? 8 : std::strtoull(given, nullptr, 10);
  const uint64_t count = wanted == 0 ? *all : std::min(wanted, *all);
  // The first step and the last, by which a broker has the place, and others between them.
  const uint64_t gaps = std::max<uint64_t>(count, 2) - 1;
  for (uint64_t i = 0; i < count; ++i)
    ASSERT_NO_FATAL_FAILURE(killAt(1 + i * (*all - 1) / gaps, *all));
  EXPECT_GT(rollbacks_, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, KilledHandover, testing::Values(Role::kBroker, Role::kAgent),
                         [](const auto& role) {
                           return role.param == Role::kBroker ? "Broker" : "Agent";
                         });

}  // namespace
}  // namespace sluice::test
