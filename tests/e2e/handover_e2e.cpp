// SPDX-License-Identifier: Apache-2.0
// One sluiced takes the place of another while clients check every byte, and fails to; none of
// them notices either (docs/adr/0013-handover.md). SLUICE_KILL_POINTS as in kill_e2e.cpp.
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <thread>

#include "tests/e2e/checking_client.h"
#include "tests/e2e/draws.h"
#include "tests/e2e/footprint.h"
#include "tests/e2e/gate.h"
#include "tests/e2e/shop.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

const HttpHeaders kBeta = {{"user-group", "beta"}};

/// More than socket buffers and the proxy hold.
constexpr size_t kLongAnswer = size_t{64} * 1024 * 1024;

/// Beta users to one version, all others to the other one; by the proxy.
std::string betaTo(const std::string& version, const std::string& rest) {
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: product-api, namespace: default}}
spec:
  hosts: [product-api]
  http:
  - match: [{{headers: {{user-group: {{exact: beta}}}}}}]
    route: [{{destination: {{host: product-api, subset: {}}}}}]
  - route: [{{destination: {{host: product-api, subset: {}}}}}]
)",
                     version, rest);
}

/// Which version answers a beta user, on a connection of its own.
Result<std::string> versionForBeta(const SocketAddress& to) {
  auto http = HttpConnection::connect(to);
  if (!http) return std::move(http).error();
  HttpRequest request;
  request.headers = kBeta;
  auto answer = http->exchange(request);
  if (!answer) return std::move(answer).error();
  return versionOf(answer->servedBy());
}

/// An answer that is read in two parts, with what happens in between.
Result<void> readSlowly(const std::function<void()>& meanwhile) {
  auto socket = connectTcp(productApi(), 120s);
  if (!socket) return std::move(socket).error();
  const std::string request = fmt::format(
      "GET /bytes?n={} HTTP/1.1\r\nHost: product-api\r\nuser-group: beta\r\n\r\n", kLongAnswer);
  if (::send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return Error::system("send");
  HttpStream stream(*std::move(socket));
  auto head = stream.readHead();
  if (!head) return std::move(head).error();
  if (!*head) return mismatch("no answer");
  meanwhile();
  auto body = stream.readBody(**head);
  if (!body) return std::move(body).error();
  return *body == patternBytes(0, kLongAnswer) ? Result<void>() : mismatch("other bytes");
}

class Handover : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(applyText("rule.yaml", betaTo("v2", "v1")).ok());
  }

  /// Keeps the one before, which ends when its connections have.
  void takeOver(Version version = Version::kThis) {
    sluiced().use(version);
    auto next = sluiced().successor();
    ASSERT_TRUE(next.ok()) << next.error().message();
    const auto serves = next->waitServing();
    ASSERT_TRUE(serves.ok()) << serves.error().message();
    before_.push_back(std::exchange(sluiced(), *std::move(next)));
  }

  void expectBeta(const std::string& version) {
    for (const auto& to : {productApi(), productApiV6()}) {
      const auto seen = asWeb([&] { return versionForBeta(to); });
      if (!seen.ok() && seen.error().errnum() == ENETUNREACH) continue;
      ASSERT_TRUE(seen.ok()) << seen.error().message();
      EXPECT_EQ(*seen, version);
    }
  }

  /// What clients that keep their connections, and clients that do not, say of the time in which
  /// `work` was done here; by the proxy and by connect(). `may_lose`: new ones by the proxy.
  Result<void> loadDuring(const std::function<void()>& work, bool may_lose = false) {
    Gate begun, done;
    auto web = startAsWeb([&]() -> Result<void> {
      CheckingClient keeping(productApi(), {.headers = kBeta});
      CheckingClient fresh(productApi(),
                           {.headers = kBeta, .requests_per_connection = 1, .may_lose = may_lose});
      CheckingClient two(productApi(), {.requests_per_connection = 2, .may_lose = may_lose});
      CheckingClient direct(ratings(), {.requests_per_connection = 2});
      CheckingClient steady(ratings());
      const auto clients = {&keeping, &fresh, &two, &direct, &steady};
      begun.open();
      done.wait();
      for (auto* client : clients) client->stop();
      for (const auto* client : clients) SLUICE_TRY(client->verdict(5));
      return {};
    });
    begun.wait();
    work();
    done.open();
    return endOf(web);
  }

  void underLoad(const std::function<void()>& work) {
    const auto outcome = loadDuring(work);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message();
  }

  void expectOldOnesEnd() {
    for (auto& old : before_) {
      const auto status = old.waitEnd(60s);
      ASSERT_TRUE(status.ok()) << status.error().message();
      EXPECT_EQ(*status, 0);
    }
  }

  /// Who has the place is the only one.
  void expectRulesChange() {
    ASSERT_TRUE(applyText("rule.yaml", betaTo("v1", "v2")).ok());
    expectBeta("v1");
    ASSERT_TRUE(applyText("rule.yaml", betaTo("v2", "v1")).ok());
    expectBeta("v2");
  }

  std::vector<SluicedProcess> before_;
};

TEST_F(Handover, NoConnectionIsRefusedAndNoneBreaks) {
  const auto alone = Footprint::of(shop().lab());
  underLoad([this] {
    for (int i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(takeOver());
  });
  expectOldOnesEnd();
  EXPECT_TRUE(becomes(shop().lab(), alone)) << Footprint::of(shop().lab()) << "; was " << alone;
  expectRulesChange();
  ASSERT_TRUE(sluiced().stop().ok());
  EXPECT_FALSE(std::filesystem::exists(shop().lab().adminSocket()));
  ASSERT_TRUE(sluiced().startAgain().ok());
}

TEST_F(Handover, AnAnswerUnderWayIsFinishedByTheOneThatGoes) {
  Gate reading, taken;
  auto web = startAsWeb([&] {
    return readSlowly([&] {
      reading.open();
      taken.wait();
    });
  });
  reading.wait();
  takeOver();
  if (!before_.empty()) {
    EXPECT_TRUE(before_.front().running()) << "it has a connection";
  }
  taken.open();
  expectEnd(web);
  ASSERT_FALSE(before_.empty());
  const auto status = before_.front().waitEnd(60s);
  EXPECT_TRUE(status.ok() && *status == 0);
}

TEST_F(Handover, WithoutTheFlagTheOneThatRunsKeepsItsPlace) {
  const auto pid = sluiced().brokerPid();
  auto second = SluicedProcess::start(shop().lab());
  ASSERT_TRUE(second.ok()) << "the first one answers there";
  const auto status = second->waitEnd(30s);
  EXPECT_TRUE(status.ok() && *status == 1);
  EXPECT_EQ(sluiced().status()->value("brokerPid", 0), pid);
  expectBeta("v2");
}

TEST_F(Handover, TheFlagIsNoObstacleWhereNobodyRuns) {
  ASSERT_TRUE(sluiced().stop().ok());
  auto next = sluiced().successor();
  ASSERT_TRUE(next.ok());
  const auto serves = next->waitServing();
  ASSERT_TRUE(serves.ok()) << serves.error().message();
  expectBeta("v2");
}

TEST_F(Handover, ProgramsThatTheKernelRefusesLeaveTheOldOneAtWork) {
  const auto old = sluiced().brokerPid();
  const Arguments without_rights = {"setpriv", "--bounding-set=-bpf,-sys_admin",
                                    "--inh-caps=-bpf,-sys_admin"};
  underLoad([&] {
    auto next = sluiced().successor(without_rights);
    ASSERT_TRUE(next.ok()) << next.error().message();
    const auto status = next->waitEnd(60s);
    ASSERT_TRUE(status.ok()) << status.error().message();
    EXPECT_EQ(*status, 1);
    ASSERT_TRUE(applyText("rule.yaml", betaTo("v1", "v2")).ok());
    expectBeta("v1");
  });
  EXPECT_EQ(sluiced().status()->value("brokerPid", 0), old);
  ASSERT_NO_FATAL_FAILURE(takeOver());
}

TEST_F(Handover, AConfigurationThatCannotBeReadLeavesTheOldOneAtWorkSoon) {
  const auto old = sluiced().brokerPid();
  const Arguments unreadable = {"unshare",
                                "--mount",
                                "sh",
                                "-c",
                                "mount -t tmpfs -o mode=000 none \"$0\" && exec \"$@\"",
                                shop().lab().configDirectory()};
  underLoad([&] {
    auto next = sluiced().successor(unreadable);
    ASSERT_TRUE(next.ok()) << next.error().message();
    const auto status = next->waitEnd(30s);
    ASSERT_TRUE(status.ok()) << "it waits for what does not come";
    EXPECT_EQ(*status, 1);
    ASSERT_TRUE(sluiced().waitReady().ok());
    ASSERT_TRUE(applyText("rule.yaml", betaTo("v1", "v2")).ok());
    expectBeta("v1");
  });
  EXPECT_EQ(sluiced().status()->value("brokerPid", 0), old);
}

// --- other tables -------------------------------------------------------------------------------

/// Opens a connection of the connect path, and finds it, and its name, as they were after
/// `meanwhile`.
Result<void> keepOne(const std::function<void()>& meanwhile) {
  auto socket = connectTcp(productApiEcho());
  if (!socket) return std::move(socket).error();
  meanwhile();
  char byte = 'x';
  if (::send(socket->get(), &byte, 1, MSG_NOSIGNAL) != 1) return Error::system("send");
  if (::recv(socket->get(), &byte, 1, 0) != 1) return Error::system("receive the echo");
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(socket->get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return Error::system("getpeername");
  const auto name = SocketAddress::from(storage);
  return name.ok() && *name == productApiEcho() ? Result<void>() : mismatch("another name");
}

TEST_F(Handover, AnotherVersionsTablesAndBackBreakNothing) {
  const auto alone = Footprint::of(shop().lab());
  Gate open, done;
  auto kept = startAsWeb([&] {
    return keepOne([&] {
      open.open();
      done.wait();
    });
  });
  open.wait();
  underLoad([this] {
    for (const auto version : {Version::kOther, Version::kThis, Version::kOther, Version::kThis})
      ASSERT_NO_FATAL_FAILURE(takeOver(version));
  });
  done.open();
  expectEnd(kept);
  expectOldOnesEnd();
  EXPECT_TRUE(becomes(shop().lab(), alone)) << Footprint::of(shop().lab()) << "; was " << alone;
  expectRulesChange();
}

TEST_F(Handover, AnotherVersionSteersByItsTablesAlone) {
  ASSERT_NO_FATAL_FAILURE(takeOver(Version::kOther));
  EXPECT_EQ(pinnedVersions(shop().lab()), 1u);
  expectRulesChange();
  ASSERT_TRUE(sluiced().kill().ok());
  sluiced().use(Version::kThis);
  ASSERT_TRUE(sluiced().startAgain().ok());
  expectRulesChange();
}

// --- killed -------------------------------------------------------------------------------------

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
