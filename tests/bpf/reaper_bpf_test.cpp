// SPDX-License-Identifier: Apache-2.0
// Whose connections the broker ends, and whose it does not.
#include <poll.h>
#include <sys/socket.h>

#include "tests/bpf/kernel_test.h"
#include "userspace/broker/reaper.h"

namespace sluice::test {
namespace {

class Reaper : public OneServerTest {
 protected:
  void mark(uint32_t endpoint) {
    auto value = view<Table::kEndpoints>().get(endpoint);
    ASSERT_TRUE(value.ok());
    value->flags |= ENDPOINT_GONE;
    ASSERT_TRUE(view<Table::kEndpoints>().put(endpoint, *value).ok());
  }

  uint32_t reset() {
    broker::Reaper reaper(kernel_->dataPlane(), kernel_->connectionStore());
    const auto count = reaper.resetGone();
    EXPECT_TRUE(count.ok()) << count.error().message();
    return count ? *count : 0;
  }

  uint64_t ended() { return *view<Table::kEndings>().get(ENDING_GONE); }

  /// 0 while the socket lives.
  static int errorOf(const Fd& socket) {
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }
};

TEST_F(Reaper, ListsSeenSocketsWithWhatIsRememberedOfThem) {
  const Fd steered = connected(vip_);
  const Fd mapped = clientSocket(AF_INET6);
  ASSERT_EQ(connectTo(mapped, vip_), 0);
  const Fd plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connectTo(plain, server_.address), 0);

  const auto diag = broker::SocketDiag::open();
  ASSERT_TRUE(diag.ok());
  auto sockets = diag->sockets(kernel_->connectionStore().fd);

  ASSERT_TRUE(sockets.ok()) << sockets.error().message();
  std::erase_if(*sockets, [](const auto& socket) { return !socket.remembered; });
  ASSERT_EQ(sockets->size(), 2U);
  for (const auto& socket : *sockets) {
    EXPECT_EQ(socket.remembered->workload, kWorkload.value);
    EXPECT_EQ(socket.remembered->endpoint, 1U);
    EXPECT_EQ(socket.remembered->reason, REASON_STEERED);
    EXPECT_EQ(socket.id.idiag_dport, htons(server_.address.port));
    EXPECT_TRUE(std::ranges::equal(socket.remembered->address, vip_.ip.bytes));
  }
}

/// Its storage lives as long as the socket, which may be connected anew where nobody steers.
TEST_F(Reaper, NothingIsRememberedOfAConnectionThatIsOver) {
  const auto other = listen("127.0.0.3");
  server_.fd.reset();
  const Fd client = clientSocket();
  ASSERT_EQ(connectTo(client, vip_), ECONNREFUSED);
  ASSERT_TRUE(kernel_->detach(kWorkload).ok());
  ASSERT_EQ(connectTo(client, other.address), 0);

  const auto sockets = broker::SocketDiag::open()->sockets(kernel_->connectionStore().fd);
  ASSERT_TRUE(sockets.ok());
  EXPECT_TRUE(
      std::ranges::none_of(*sockets, [](const auto& s) { return s.remembered.has_value(); }));
}

TEST_F(Reaper, ManySocketsAreMoreThanOneDatagram) {
  std::vector<Fd> clients;
  for (int i = 0; i < 500; ++i) clients.push_back(connected(vip_));
  auto sockets = broker::SocketDiag::open()->sockets(kernel_->connectionStore().fd);
  ASSERT_TRUE(sockets.ok());
  std::erase_if(*sockets, [](const auto& socket) { return !socket.remembered; });
  EXPECT_EQ(sockets->size(), clients.size());
}

TEST_F(Reaper, WhatIsConnectedToAnEndpointThatIsGoneIsReset) {
  const auto other = listen("127.0.0.3");
  const Fd client = connected(vip_);
  const Fd accepted = server_.accept();
  setEndpoint(2, other.address);
  setCluster(1, {2});
  const Fd to_other = connected(vip_);
  ASSERT_EQ(reset(), 0U) << "an endpoint that is left out may be terminating";
  EXPECT_EQ(errorOf(client), 0);

  mark(1);
  EXPECT_EQ(reset(), 1U);

  EXPECT_EQ(errorOf(client), ECONNABORTED);
  pollfd at_server{accepted.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&at_server, 1, 5000), 1);
  EXPECT_EQ(errorOf(accepted), ECONNRESET);
  EXPECT_EQ(errorOf(to_other), 0);
  EXPECT_EQ(ended(), 1U);
  EXPECT_EQ(endpointStats(1).reset, 1U);
  EXPECT_EQ(endpointStats(1).closed, 1U);
  EXPECT_EQ(serviceStats().reset, 1U);
  EXPECT_EQ(active(1), 0U);
  EXPECT_EQ(reset(), 0U) << "once";
}

TEST_F(Reaper, ConnectionsOfAnEarlierOwnerOfTheIdAreLeftAlone) {
  const auto other = listen("127.0.0.3");
  const Fd client = connected(vip_);
  setEndpoint(1, other.address);
  mark(1);
  EXPECT_EQ(reset(), 0U);
  EXPECT_EQ(errorOf(client), 0);
}

TEST_F(Reaper, FindsThemOnEachKindOfSocket) {
  const auto server6 = listen("::1");
  setEndpoint(2, server6.address);
  setCluster(2, {2});
  const Fd mapped = clientSocket(AF_INET6);
  ASSERT_EQ(connectTo(mapped, vip_), 0);
  setRoute(ROUTE_VIA_ENDPOINT, {always(2)});
  const auto vip6 = at("fd00:96::1", 80);
  setService(vip6);
  const Fd v6 = connected(vip6);
  mark(1);
  mark(2);
  EXPECT_EQ(reset(), 2U);
  EXPECT_EQ(errorOf(mapped), ECONNABORTED);
  EXPECT_EQ(errorOf(v6), ECONNABORTED);
}

TEST_F(Reaper, WhoStillConnectsIsToldAtOnce) {
  ASSERT_EQ(::listen(server_.fd.get(), 0), 0);
  const Fd waiting(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connectTo(waiting, server_.address), 0);
  const Fd client = clientSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
  ASSERT_EQ(connectTo(client, vip_), EINPROGRESS);
  mark(1);
  EXPECT_EQ(reset(), 1U);
  EXPECT_EQ(connectResult(client), ECONNABORTED);
}

TEST_F(Reaper, ConnectionsOfOtherTablesAreLeftAlone) {
  const Fd client = connected(vip_);
  for (const uint32_t schema : {SLUICE_SCHEMA + 1, SLUICE_SCHEMA}) {
    ASSERT_NO_FATAL_FAILURE(startKernel(true, schema));
    steerTo(vip_, {server_.address});
    setWorkload();
    ASSERT_TRUE(kernel_->takeOver().ok());
    mark(1);
    EXPECT_EQ(reset(), 0U) << "its ids are those of other tables, schema " << schema;
    EXPECT_EQ(errorOf(client), 0);
  }
}

}  // namespace
}  // namespace sluice::test
