// SPDX-License-Identifier: Apache-2.0
// Broker and agent killed at each of their steps (tests/support/killer): while they start on an
// empty machine, while they start over what an earlier one has pinned, as an upgrade does, and
// while a rule changes. Eight steps of each kind, spread evenly over all that there are; with
// SLUICE_KILL_POINTS=n that many, with 0 all of them.
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>

#include "tests/e2e/checking_client.h"
#include "tests/e2e/draws.h"
#include "tests/e2e/footprint.h"
#include "tests/e2e/gate.h"
#include "tests/e2e/shop.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

enum class Role { kBroker, kAgent };

/// All connections to one version; by the connect path.
std::string allTo(const std::string& version) {
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: product-api, namespace: default}}
spec:
  hosts: [product-api]
  http: [{{route: [{{destination: {{host: product-api, subset: {}}}}}]}}]
)",
                     version);
}

/// The steps at which to kill, of 1…steps.
std::set<uint64_t> points(uint64_t steps) {
  const char* given = std::getenv("SLUICE_KILL_POINTS");
  const uint64_t wanted = given == nullptr ? 8 : std::strtoull(given, nullptr, 10);
  const uint64_t count = wanted == 0 ? steps : std::min(wanted, steps);
  std::set<uint64_t> chosen;
  for (uint64_t i = 0; i < count; ++i) chosen.insert(1 + i * steps / count);
  return chosen;
}

/// The program that does it, at work on a process.
class Killer {
 public:
  static Result<Killer> watch(pid_t process, bool children, uint64_t at) {
    Arguments argv = {programPath("killer"), "--process", std::to_string(process), "--at",
                      std::to_string(at)};
    if (children) argv.emplace_back("--children");
    auto program = spawn(nullptr, argv, Output::kPipe);
    if (!program) return std::move(program).error();
    if (auto watching = program->readLine(10s); !watching) return std::move(watching).error();
    return Killer(*std::move(program));
  }

  /// Where; empty when its victim has not come that far.
  std::string killed() {
    auto line = program_.readLine(5s);
    return line.ok() ? *line : "";
  }

  Result<uint64_t> steps() {
    SLUICE_TRY(program_.signal(SIGTERM));
    auto line = program_.readLine(5s);
    if (!line) return std::move(line).error();
    return std::stoull(*line);
  }

 private:
  explicit Killer(Process program) : program_(std::move(program)) {}

  Process program_;
};

/// Which version answers five connections to each address of the service, "v1 v1"; "-" for one
/// that the network has no way to, as it is without Sluice. The answers of one address must agree.
Result<std::string> versions() {
  std::string answer;
  for (const auto& to : {productApi(), productApiV6()}) {
    const auto tally = drawConnections(to, 5);
    if (!tally && tally.error().errnum() != ENETUNREACH) return Error(tally.error());
    if (tally.ok() && tally->size() != 1) return mismatch("a mixture of rules: " + text(*tally));
    answer += (answer.empty() ? "" : " ") + (tally.ok() ? tally->begin()->first : "-");
  }
  return answer;
}

class Kills : public ShopTest, public testing::WithParamInterface<Role> {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(applyText("rule.yaml", allTo("v1")).ok());
    whole_ = Footprint::of(shop().lab());
  }

  /// Fails unless new connections of each family are served by one of `allowed`.
  void expectVersions(const std::set<std::string>& allowed) {
    const auto seen = asWeb(versions);
    ASSERT_TRUE(seen.ok()) << seen.error().message();
    std::istringstream each(*seen);
    for (std::string version; each >> version;) EXPECT_TRUE(allowed.contains(version)) << *seen;
  }

  /// The survivor goes on, or both come back: everything is as if nothing had happened.
  void expectRecovery(const std::string& version) {
    // Also waits for the end of one that the killer has killed just now.
    if (GetParam() == Role::kBroker) {
      ASSERT_TRUE(sluiced().kill().ok());
    }
    const auto back = sluiced().running() ? sluiced().waitReady() : sluiced().startAgain();
    ASSERT_TRUE(back.ok()) << back.error().message();
    expectVersions({version});
    EXPECT_TRUE(becomes(shop().lab(), whole_)) << Footprint::of(shop().lab()) << "; was " << whole_;
  }

  /// The victim of this test, in a sluiced that is about to take its first step.
  Result<Killer> startUnder(uint64_t at) {
    auto process = sluiced().startHeld();
    if (!process) return std::move(process).error();
    return Killer::watch(*process, GetParam() == Role::kAgent, at);
  }

  /// The victim of this test, in the sluiced that runs.
  Result<Killer> watchRunning(uint64_t at) {
    if (GetParam() == Role::kBroker) return Killer::watch(sluiced().brokerPid(), false, at);
    auto agent = sluiced().agentPid();
    if (!agent) return std::move(agent).error();
    return Killer::watch(*agent, false, at);
  }

  Result<uint64_t> stepsOfAStart() {
    auto killer = startUnder(0);
    if (!killer) return std::move(killer).error();
    SLUICE_TRY(sluiced().waitReady());
    return killer->steps();
  }

  Result<uint64_t> stepsOfAChange() {
    auto killer = watchRunning(0);
    if (!killer) return std::move(killer).error();
    SLUICE_TRY(applyText("rule.yaml", allTo("v2")));
    auto steps = killer->steps();
    SLUICE_TRY(applyText("rule.yaml", allTo("v1")));
    return steps;
  }

  /// A start that `prepare` has made ready for, killed at each point; what new connections may see
  /// then, and that the next start puts it right.
  void killStarts(const std::function<Result<void>()>& prepare,
                  const std::set<std::string>& allowed) {
    ASSERT_TRUE(prepare().ok());
    const auto steps = stepsOfAStart();
    ASSERT_TRUE(steps.ok()) << steps.error().message();
    ASSERT_GT(*steps, 0u);
    for (const uint64_t at : points(*steps)) {
      ASSERT_TRUE(prepare().ok());
      auto killer = startUnder(at);
      ASSERT_TRUE(killer.ok()) << killer.error().message();
      const std::string where = note(at, *steps, killer->killed());
      SCOPED_TRACE(where);
      ASSERT_NO_FATAL_FAILURE(expectVersions(allowed));
      ASSERT_NO_FATAL_FAILURE(expectRecovery("v1"));
    }
    EXPECT_GT(kills_, 0u);
  }

  void killChanges() {
    const auto steps = stepsOfAChange();
    ASSERT_TRUE(steps.ok()) << steps.error().message();
    if (*steps == 0) GTEST_SKIP() << "it has no part in changes";
    std::string now = "v1", next = "v2";
    for (const uint64_t at : points(*steps)) {
      auto killer = watchRunning(at);
      ASSERT_TRUE(killer.ok()) << killer.error().message();
      ASSERT_TRUE(shop().applyText("rule.yaml", allTo(next)).ok());
      SCOPED_TRACE(note(at, *steps, killer->killed()));
      ASSERT_NO_FATAL_FAILURE(expectVersions({now, next}));
      ASSERT_NO_FATAL_FAILURE(expectRecovery(next));
      std::swap(now, next);
      // A broker that has seen no agent die: the next one's successor comes at once.
      ASSERT_TRUE(sluiced().kill().ok());
      ASSERT_TRUE(sluiced().startAgain().ok());
    }
    EXPECT_GT(kills_, 0u);
  }

  /// Runs `work` here while a client of the connect path checks every byte of its answers.
  void underLoad(const std::function<void()>& work) {
    Gate done;
    auto web = startAsWeb([&]() -> Result<void> {
      CheckingClient client(productApi(), {.requests_per_connection = 2});
      done.wait();
      client.stop();
      return client.verdict(1);
    });
    work();
    done.open();
    expectEnd(web);
  }

 private:
  std::string note(uint64_t at, uint64_t steps, const std::string& killed) {
    kills_ += killed.empty() ? 0 : 1;
    auto text =
        fmt::format("step {} of {}: {}", at, steps, killed.empty() ? "not reached" : killed);
    std::cout << text << std::endl;
    return text;
  }

  Footprint whole_;
  uint64_t kills_ = 0;
};

TEST_P(Kills, WhileStartingOnAnEmptyMachine) {
  const auto prepare = [this]() -> Result<void> {
    SLUICE_TRY(sluiced().kill());
    return SluicedProcess::uninstall(shop().lab());
  };
  killStarts(prepare, {"v1", "-"});
}

TEST_P(Kills, WhileStartingOverWhatIsPinned) {
  underLoad([this] { killStarts([this] { return sluiced().kill(); }, {"v1"}); });
}

TEST_P(Kills, WhileARuleChanges) {
  underLoad([this] { killChanges(); });
}

INSTANTIATE_TEST_SUITE_P(Of, Kills, testing::Values(Role::kBroker, Role::kAgent),
                         [](const auto& role) {
                           return role.param == Role::kBroker ? "Broker" : "Agent";
                         });

}  // namespace
}  // namespace sluice::test
