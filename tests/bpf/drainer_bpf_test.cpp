// SPDX-License-Identifier: Apache-2.0
// Connections whose destination has left their route: which the broker ends, when, and which not.
#include <sys/socket.h>

#include <thread>

#include "tests/bpf/kernel_test.h"
#include "userspace/broker/drainer.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Short, so that tests do not last; longer than an answer takes.
constexpr auto kShortQuiet = 200ms;

using Outcome = broker::Drainer::Outcome;
constexpr Outcome kNothing{};
constexpr Outcome kSomethingLeft{.left = true};

class Drainer : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    v1_ = listen("127.0.0.2");
    v2_ = listen("127.0.0.3");
    steerTo(vip_, {v1_.address});
    setEndpoint(2, v2_.address);
    setCluster(2, {2});
    leadTo(1, ROUTE_DRAIN_IDLE);
  }

  void leadTo(uint32_t cluster, uint8_t flags) {
    setRoute(ROUTE_VIA_ENDPOINT, {always(cluster)}, 0, flags);
  }

  Outcome look() {
    if (!drainer_) drainer_.emplace(kernel_->dataPlane(), kernel_->connectionStore(), kShortQuiet);
    const auto looked = drainer_->look();
    EXPECT_TRUE(looked.ok()) << looked.error().message();
    return drainer_->finishRound();
  }

  /// Looks until something has been ended, at most ten seconds.
  bool endsInTime() {
    for (const auto limit = std::chrono::steady_clock::now() + 10s;
         std::chrono::steady_clock::now() < limit; std::this_thread::sleep_for(20ms))
      if (look().drained > 0) return true;
    return false;
  }

  /// Looks for as long as several times the quiet that makes a connection idle.
  void expectNothingEnds() {
    for (const auto limit = std::chrono::steady_clock::now() + 5 * kShortQuiet;
         std::chrono::steady_clock::now() < limit; std::this_thread::sleep_for(50ms))
      EXPECT_EQ(look(), kSomethingLeft);
  }

  static void say(const Fd& from, const Fd& to) {
    char byte = 'x';
    ASSERT_EQ(::send(from.get(), &byte, 1, MSG_NOSIGNAL), 1);
    ASSERT_EQ(::recv(to.get(), &byte, 1, 0), 1);
  }

  /// A request, and an answer that takes some ticks of the kernel's clock.
  static void exchange(const Fd& client, const Fd& server) {
    say(client, server);
    std::this_thread::sleep_for(50ms);
    say(server, client);
  }

  static int errorOf(const Fd& socket) {
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }

  uint64_t drained() { return *view<Table::kEndings>().get(ENDING_DRAINED); }

  Listener v1_, v2_;
  std::optional<broker::Drainer> drainer_;
};

TEST_F(Drainer, IdleConnectionsOfAFormerDestinationAreClosed) {
  const Fd client = connected(vip_);
  const Fd server = v1_.accept();
  exchange(client, server);
  std::this_thread::sleep_for(2 * kShortQuiet);
  EXPECT_EQ(look(), kNothing) << "the route leads there";

  leadTo(2, ROUTE_DRAIN_IDLE);
  const Fd newer = connected(vip_);
  EXPECT_TRUE(endsInTime());

  EXPECT_EQ(errorOf(client), ECONNABORTED);
  EXPECT_EQ(errorOf(newer), 0);
  EXPECT_EQ(drained(), 1U);
  EXPECT_EQ(endpointStats(1).reset, 1U);
  EXPECT_EQ(active(1), 0U);
  EXPECT_EQ(look(), kNothing);
}

TEST_F(Drainer, AConnectionThatWaitsForItsAnswerIsNot) {
  const Fd client = connected(vip_);
  const Fd server = v1_.accept();
  exchange(client, server);
  say(client, server);
  leadTo(2, ROUTE_DRAIN_IDLE);
  expectNothingEnds();
  EXPECT_EQ(errorOf(client), 0);
  say(server, client);
  EXPECT_TRUE(endsInTime()) << "answered";
}

TEST_F(Drainer, AConnectionWithUnreadBytesIsNot) {
  const Fd client = connected(vip_);
  const Fd server = v1_.accept();
  exchange(client, server);
  ASSERT_EQ(::send(server.get(), "x", 1, MSG_NOSIGNAL), 1);
  leadTo(2, ROUTE_DRAIN_IDLE);
  expectNothingEnds();
}

TEST_F(Drainer, AConnectionThatHasCarriedNothingIsNot) {
  const Fd client = connected(vip_);
  const Fd server = v1_.accept();
  leadTo(2, ROUTE_DRAIN_IDLE);
  expectNothingEnds();
  exchange(client, server);
  EXPECT_TRUE(endsInTime());
}

TEST_F(Drainer, OfTheOtherFamilyAndMappedAreClosedToo) {
  const auto server6 = listen("::1");
  setEndpoint(3, server6.address);
  setCluster(3, {3});
  const Fd mapped = clientSocket(AF_INET6);
  ASSERT_EQ(connectTo(mapped, vip_), 0);
  const Fd server = v1_.accept();
  exchange(mapped, server);
  leadTo(2, ROUTE_DRAIN_IDLE);
  EXPECT_TRUE(endsInTime());
  EXPECT_EQ(errorOf(mapped), ECONNABORTED);

  leadTo(3, ROUTE_DRAIN_IDLE);
  setService(vip6_);
  const Fd v6 = connected(vip6_);
  const Fd accepted6 = server6.accept();
  exchange(v6, accepted6);
  leadTo(2, ROUTE_DRAIN_IDLE);
  EXPECT_TRUE(endsInTime());
  EXPECT_EQ(errorOf(v6), ECONNABORTED);
}

TEST_F(Drainer, TheRouteOfNowSaysWhetherAndWhen) {
  const Fd client = connected(vip_);
  const Fd server = v1_.accept();
  exchange(client, server);
  say(client, server);
  leadTo(2, 0);
  EXPECT_EQ(look(), kNothing) << "off";
  leadTo(2, ROUTE_DRAIN_IDLE);
  EXPECT_EQ(look(), kSomethingLeft);
  EXPECT_EQ(errorOf(client), 0);
  leadTo(2, ROUTE_DRAIN_NOW);
  EXPECT_EQ(look().drained, 1U) << "whatever it is doing";
  EXPECT_EQ(errorOf(client), ECONNABORTED);
}

TEST_F(Drainer, WhatFailedOpenIsLeftAlone) {
  const uint16_t closed = listen("127.0.0.1").address.port;
  setWorkload(closed, 0, closed);
  setRoute(ROUTE_VIA_PROXY, {always(1)}, 1, ROUTE_FAIL_OPEN | ROUTE_DRAIN_NOW);
  const Fd client = connected(vip_);
  ASSERT_EQ(reason(REASON_FAILED_OPEN), 1U);
  EXPECT_EQ(look(), kNothing);
  leadTo(1, ROUTE_DRAIN_NOW);
  const Fd steered = connected(vip_);
  setRoute(ROUTE_VIA_PROXY, {always(1)}, 1, ROUTE_FAIL_OPEN | ROUTE_DRAIN_NOW);
  EXPECT_EQ(look().drained, 1U) << "requests are the proxy's to decide now";
  EXPECT_EQ(errorOf(client), 0);
  EXPECT_EQ(errorOf(steered), ECONNABORTED);
}

TEST_F(Drainer, ASocketIsLookedAtAgainBeforeItEnds) {
  const Fd client = connected(vip_);
  const Fd server = v1_.accept();
  exchange(client, server);
  const auto diag = broker::SocketDiag::open();
  const auto detail = broker::SocketDiag::Detail::kStorageAndUse;
  auto sockets = diag->sockets(kernel_->connectionStore().fd, detail);
  ASSERT_TRUE(sockets.ok());
  std::erase_if(*sockets, [](const auto& socket) { return !socket.remembered; });
  ASSERT_EQ(sockets->size(), 1U);
  ASSERT_TRUE(sockets->front().use);
  EXPECT_EQ(sockets->front().use->sent, 1U);
  say(client, server);
  const auto now = diag->again(sockets->front());
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->use->sent, 2U);
  EXPECT_EQ(now->id.idiag_dport, htons(v1_.address.port));
  ASSERT_TRUE(diag->destroy(*now).ok());
  EXPECT_EQ(diag->again(sockets->front()).error().code(), Error::Code::kNotFound);
}

TEST_F(Drainer, IdleConnectionsFollowWeightsWhereTheRouteSaysSo) {
  constexpr int kClients = 40;
  std::vector<Fd> clients, servers;
  for (int i = 0; i < kClients; ++i) clients.push_back(connected(vip_));
  for (int i = 0; i < kClients; ++i) servers.push_back(v1_.accept());
  for (const auto& client : clients) ASSERT_EQ(::send(client.get(), "x", 1, MSG_NOSIGNAL), 1);
  std::this_thread::sleep_for(50ms);
  for (const auto& server : servers) ASSERT_EQ(::send(server.get(), "x", 1, MSG_NOSIGNAL), 1);
  char byte = 0;
  for (const auto& client : clients) ASSERT_EQ(::recv(client.get(), &byte, 1, 0), 1);
  std::this_thread::sleep_for(2 * kShortQuiet);

  const alias_slot half{uint64_t{1} << 63, 1, 2};
  setRoute(ROUTE_VIA_ENDPOINT, {half}, 0, 0);
  EXPECT_EQ(look(), kNothing) << "off";
  setRoute(ROUTE_VIA_ENDPOINT, {half}, 0, ROUTE_REBALANCE);
  EXPECT_EQ(look(), kSomethingLeft) << "counted";
  EXPECT_EQ(look().rebalanced, kClients / broker::Surplus::kMovedAtOnce);
  while (look().left) {
  }
  const auto gone = std::ranges::count_if(clients, [](const Fd& c) { return errorOf(c) != 0; });
  EXPECT_EQ(*view<Table::kEndings>().get(ENDING_REBALANCED), static_cast<uint64_t>(gone));
  EXPECT_EQ(gone, kClients - 4) << "four of four with one destination may be chance";
}

}  // namespace
}  // namespace sluice::test
