// SPDX-License-Identifier: Apache-2.0
// One sluiced takes the place of another while clients check every byte, and fails to; none of
// them notices either (docs/adr/0013-handover.md).
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <list>

#include "tests/e2e/footprint.h"
#include "tests/e2e/handover.h"
#include "tests/e2e/registry.h"
#include "tests/support/files.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// More than socket buffers and the proxy hold.
constexpr size_t kLongAnswer = size_t{64} * 1024 * 1024;

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
  whilePaused(readSlowly, [this] {
    ASSERT_NO_FATAL_FAILURE(takeOver());
    EXPECT_TRUE(before_.front().running()) << "it has a connection";
  });
  ASSERT_FALSE(before_.empty());
  const auto status = before_.front().waitEnd(60s);
  EXPECT_TRUE(status.ok() && *status == 0);
}

/// By the rules that the one that goes had, though what they lead to has left them since.
TEST_F(Handover, AConnectionThatWasIdleGetsOneAnswerMore) {
  const auto client = [](const std::function<void()>& pause) -> Result<void> {
    auto http = HttpConnection::connect(productApi());
    if (!http) return std::move(http).error();
    auto answer = http->exchange({});
    if (!answer) return std::move(answer).error();
    pause();
    HttpRequest beta;
    beta.headers = betaHeaders();
    answer = http->exchange(beta);
    if (!answer) return std::move(answer).error();
    if (versionOf(answer->servedBy()) != "v2") return mismatch(answer->body);
    return answer->head.header("connection") == "close" ? Result<void>() : mismatch("it goes on");
  };
  whilePaused(client, [this] {
    takeOver();
    const auto& lab = shop().lab();
    EXPECT_TRUE(
        applyText("registry.yaml", registryWithV2(lab, "ready: false, terminating: true")).ok());
  });
}

/// Steered by connect(); with fast open the SYN is sent with the first bytes, `meanwhile` before.
Result<void> answerLate(const SocketAddress& to, const std::function<void()>& meanwhile) {
  // Without a cookie, too: the listeners give none.
  SLUICE_TRY(writeFile("/proc/sys/net/ipv4/tcp_fastopen", "5"));
  const int family = to.ip.isV4() ? AF_INET : AF_INET6;
  const Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (::setsockopt(socket.get(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)) != 0)
    return Error::system("TCP_FASTOPEN_CONNECT");
  sockaddr_storage storage;
  const socklen_t size = to.to(family, storage);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0)
    return Error::system("connect");
  meanwhile();
  const std::string request = "GET / HTTP/1.1\r\nHost: product-api\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return Error::system("send");
  std::string answer(4096, 0);
  const ssize_t got = ::recv(socket.get(), answer.data(), answer.size(), 0);
  if (got < 0) return Error::system("receive");
  return answer.starts_with("HTTP/1.1 200 ") ? Result<void>() : mismatch(answer.substr(0, 99));
}

TEST_F(Handover, AFastOpenConnectionThatHasSentNothingIsTakenAlong) {
  struct Case {
    SocketAddress to;
    Version next;
  };
  // The programs of another version publish where one of IPv6 was going.
  const auto cases = {Case{productApi(), Version::kThis}, Case{productApiV6(), Version::kThis},
                      Case{productApi(), Version::kOther}, Case{productApiV6(), Version::kThis},
                      Case{productApiV6(), Version::kOther}};
  for (const auto& [to, next] : cases) {
    const auto client = [to = to](const auto& pause) { return answerLate(to, pause); };
    ASSERT_NO_FATAL_FAILURE(whilePaused(client, [this, next = next] { takeOver(next); }));
  }
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
  whilePaused(keepOne, [this] { underLoad([this] { takeOverThereAndBackTwice(); }); });
  expectOldOnesEnd();
  EXPECT_TRUE(becomes(shop().lab(), alone)) << Footprint::of(shop().lab()) << "; was " << alone;
  expectRulesChange();
}

/// The programs may be swapped between a connect() and the moment in which it is established.
TEST_F(Handover, WhatIsBeingConnectedWhenAnotherVersionsProgramsComeArrives) {
  const auto client = [](const std::function<void()>& pause) -> Result<void> {
    std::list<CheckingClient> clients;
    for (int i = 0; i < 8; ++i)
      clients.emplace_back(productApiV6(), CheckingClient::Habits{.headers = betaHeaders(),
                                                                  .requests_per_connection = 1});
    pause();
    for (auto& each : clients) each.stop();
    for (const auto& each : clients) SLUICE_TRY(each.verdict(5));
    return {};
  };
  whilePaused(client, [this] { takeOverThereAndBackTwice(); });
}

/// Where nothing is handed over: a version that cannot, say.
TEST_F(Handover, AnotherVersionThatWasStoppedIsFollowed) {
  ASSERT_TRUE(sluiced().stop().ok());
  ASSERT_TRUE(SluicedProcess::uninstall(shop().lab()).ok());
  sluiced().use(Version::kOther);
  ASSERT_TRUE(sluiced().startAgain().ok());
  whilePaused(keepOne, [this] {
    ASSERT_TRUE(sluiced().stop().ok());
    sluiced().use(Version::kThis);
    ASSERT_TRUE(sluiced().startAgain().ok());
    EXPECT_EQ(pinnedVersions(shop().lab()), 1u);
  });
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

}  // namespace
}  // namespace sluice::test
