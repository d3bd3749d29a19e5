// SPDX-License-Identifier: Apache-2.0
// The connect path: which endpoint, which refusal, and what is left alone.
#include <fcntl.h>
#include <sys/socket.h>

#include <array>

#include "tests/bpf/kernel_test.h"
#include "tests/support/statistics.h"
#include "userspace/balance/client_spread.h"

namespace sluice::test {
namespace {

using ConnectPath = KernelTest;

TEST_F(ConnectPath, SteersV4AndAnswersTheServicesAddress) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});

  const Fd client = connected(vip_);

  const Fd accepted = server.accept();
  ASSERT_TRUE(accepted);
  EXPECT_EQ(peerAddress(client), vip_);
  EXPECT_EQ(localAddress(client), peerAddress(accepted));
  EXPECT_EQ(reason(REASON_STEERED), 1U);
}

TEST_F(ConnectPath, SteersV6) {
  const auto server = listen("::1");
  steerTo(vip6_, {server.address});

  const Fd client = connected(vip6_);

  EXPECT_TRUE(server.accept());
  EXPECT_EQ(peerAddress(client), vip6_);
}

TEST_F(ConnectPath, SteersMappedAddressesOfV6Sockets) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});

  const Fd client = clientSocket(AF_INET6);
  ASSERT_EQ(connectTo(client, vip_), 0);

  EXPECT_TRUE(server.accept());
  EXPECT_EQ(peerAddress(client), vip_);
}

TEST_F(ConnectPath, AcceptedSocketsOfTheWorkloadKeepTheirNames) {
  Fd server = clientSocket();
  ASSERT_EQ(::listen(server.get(), 1), 0);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connectTo(client, at("127.0.0.1", localAddress(server).port)), 0);

  const Fd accepted(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));

  EXPECT_EQ(peerAddress(accepted), localAddress(client));
  EXPECT_EQ(localAddress(accepted), peerAddress(client));
}

TEST_F(ConnectPath, SplitsByWeight) {
  constexpr uint64_t kConnections = 4000;
  const auto v1 = listen("127.0.0.2");
  const auto v2 = listen("127.0.0.3");
  setEndpoint(1, v1.address);
  setEndpoint(2, v2.address);
  setCluster(1, {1});
  setCluster(2, {2});
  constexpr auto kFourFifths = static_cast<uint64_t>(0.8 * 18446744073709551616.0);
  setRoute(ROUTE_VIA_ENDPOINT, {always(1), {kFourFifths, 1, 2}});
  setService(vip_);

  std::array<uint64_t, 2> counts{};
  for (uint64_t i = 0; i < kConnections; ++i) {
    const Fd client = connected(vip_);
    counts[0] += v1.drain();
    counts[1] += v2.drain();
  }

  EXPECT_EQ(counts[0] + counts[1], kConnections);
  EXPECT_GT(goodnessOfFit(counts, std::array{0.9, 0.1}), kSignificance)
      << counts[0] << " to " << counts[1];
}

TEST_F(ConnectPath, RoundRobinGoesRound) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0) << "each CPU goes round by itself";
  const std::array servers{listen("127.0.0.2"), listen("127.0.0.3"), listen("127.0.0.4")};
  steerTo(vip_, {servers[0].address, servers[1].address, servers[2].address}, BALANCE_ROUND_ROBIN);

  for (int i = 0; i < 30; ++i) connected(vip_);

  for (const auto& server : servers) EXPECT_EQ(server.drain(), 10U);
}

TEST_F(ConnectPath, RouteIsNotLookedAtWhereTheBindingSaysItsCluster) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});
  ASSERT_TRUE(view<Table::kBindings>().put(kBinding, {kRoute, 1 << 8}).ok());
  ASSERT_TRUE(view<Table::kRoutes>().erase(kRoute).ok());

  connected(vip_);

  EXPECT_EQ(server.drain(), 1U);
  EXPECT_EQ(*view<Table::kRouteOpened>().get(kRoute), 1U);
}

TEST_F(ConnectPath, LeastRequestPrefersTheIdle) {
  const auto busy = listen("127.0.0.2");
  const auto idle = listen("127.0.0.3");
  steerTo(vip_, {busy.address, idle.address}, BALANCE_LEAST_REQUEST);
  ASSERT_TRUE(view<Table::kEndpointLoad>().put(1, {1000, 0}).ok());

  for (int i = 0; i < 200; ++i) connected(vip_);

  // Only when both choices are the busy one: a quarter.
  EXPECT_GT(idle.drain(), busy.drain() * 3 / 2);
}

TEST_F(ConnectPath, LeastRequestCountsRequestsOfTheProxy) {
  const auto busy = listen("127.0.0.2");
  const auto idle = listen("127.0.0.3");
  steerTo(vip_, {busy.address, idle.address}, BALANCE_LEAST_REQUEST);
  ASSERT_TRUE(view<Table::kEndpointLoad>().put(1, {0, 1000}).ok());

  for (int i = 0; i < 200; ++i) connected(vip_);

  EXPECT_GT(idle.drain(), busy.drain() * 3 / 2);
}

TEST_F(ConnectPath, AClientStaysWithOneEndpoint) {
  const std::array servers{listen("127.0.0.2"), listen("127.0.0.3"), listen("127.0.0.4")};
  steerTo(vip_, {servers[0].address, servers[1].address, servers[2].address}, BALANCE_CLIENT);

  for (int i = 0; i < 30; ++i) connected(vip_);

  std::vector<uint64_t> counts;
  for (const auto& server : servers) counts.push_back(server.drain());
  EXPECT_THAT(counts, ::testing::UnorderedElementsAre(0U, 0U, 30U));
}

TEST_F(ConnectPath, AClientStaysWhenAnotherEndpointGoes) {
  const std::array servers{listen("127.0.0.2"), listen("127.0.0.3"), listen("127.0.0.4")};
  const std::vector addresses{servers[0].address, servers[1].address, servers[2].address};
  const auto steer = [&](const std::vector<uint32_t>& shares) {
    steerTo(vip_, addresses);
    const std::vector<std::string> names{"10.1.0.1:80", "10.1.0.2:80", "10.1.0.3:80"};
    std::vector<uint32_t> slots;
    const auto spread = *balance::spreadByClient(balance::maglevMembers(names, shares));
    for (const auto& slot : spread.slots) slots.push_back(slot.alias + 1);
    setCluster(1, slots, BALANCE_CLIENT);
  };
  steer({1, 1, 1});
  connected(vip_);
  size_t home = 0;
  while (home < servers.size() && servers[home].drain() == 0) ++home;
  ASSERT_LT(home, servers.size());

  for (size_t gone = 0; gone < servers.size(); ++gone) {
    std::vector<uint32_t> shares(servers.size(), 1);
    shares[gone] = 0;
    steer(shares);
    for (int i = 0; i < 10; ++i) connected(vip_);
    EXPECT_EQ(servers[home].drain(), gone == home ? 0U : 10U) << gone << " of home " << home;
    for (const auto& server : servers) server.drain();
  }
}

TEST_F(ConnectPath, ExceptionsHoldForTheirClassAlone) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});
  constexpr uint32_t kOther = kBinding + 1;
  ASSERT_TRUE(view<Table::kBindings>().put(kOther, {0, 0}).ok());
  ASSERT_TRUE(view<Table::kExceptions>().put({kService, kClass}, kOther).ok());
  EXPECT_TRUE(connected(vip_)) << "the flag is not set";

  ASSERT_TRUE(view<Table::kBindings>().put(kBinding, {kRoute, BINDING_HAS_EXCEPTIONS}).ok());
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(reason(REASON_NO_ROUTE), 1U);
}

TEST_F(ConnectPath, RefusesWithoutEndpointsClusterOrRoute) {
  steerTo(vip_, {});
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(reason(REASON_NO_ENDPOINTS), 1U);

  setRoute(ROUTE_VIA_ENDPOINT, {always(2)});
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(reason(REASON_NO_CLUSTER), 1U);

  ASSERT_TRUE(view<Table::kBindings>().put(kBinding, {0, 0}).ok());
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(reason(REASON_NO_ROUTE), 1U);
}

TEST_F(ConnectPath, RefusesAlikeWhereTheKernelCannotChooseTheError) {
  ASSERT_NO_FATAL_FAILURE(startKernel(false));
  steerTo(vip_, {});
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(connectTo(clientSocket(AF_INET6), vip_), ECONNREFUSED);
  setService(vip6_);
  EXPECT_EQ(connectTo(clientSocket(AF_INET6), vip6_), ECONNREFUSED);
  EXPECT_EQ(reason(REASON_NO_ENDPOINTS), 3U);
}

TEST_F(ConnectPath, NothingHangsOnADeviceWhereTheKernelCannotChooseTheError) {
  ASSERT_NO_FATAL_FAILURE(startKernel(false));
  steerTo(vip_, {});
  const Fd client = clientSocket();
  ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 2), 0);
  EXPECT_EQ(connectTo(client, vip_), EPERM);
}

TEST_F(ConnectPath, SteersSocketsThatAreBoundToADevice) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});
  const Fd client = clientSocket();
  ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 2), 0);
  EXPECT_EQ(connectTo(client, vip_), 0);
  EXPECT_TRUE(server.accept());
}

TEST_F(ConnectPath, EndpointsOfTheOtherFamilyAreNone) {
  const auto server = listen("::1");
  steerTo(vip_, {server.address});
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(reason(REASON_NO_ENDPOINTS), 1U);
}

TEST_F(ConnectPath, LeavesOtherAddressesAlone) {
  const auto server = listen("127.0.0.2");
  const Fd client = connected(server.address);
  EXPECT_EQ(peerAddress(client), server.address);
  EXPECT_EQ(reason(REASON_NO_SERVICE), 1U);
}

TEST_F(ConnectPath, LeavesUdpAlone) {
  const auto server = listen("127.0.0.2");
  steerTo(at("127.0.0.9", 80), {server.address});
  const Fd client = clientSocket(AF_INET, SOCK_DGRAM);
  ASSERT_EQ(connectTo(client, at("127.0.0.9", 80)), 0);
  EXPECT_EQ(peerAddress(client), at("127.0.0.9", 80));
  EXPECT_EQ(reason(REASON_NOT_TCP), 1U);
}

TEST_F(ConnectPath, LeavesPassthroughAlone) {
  const auto server = listen("127.0.0.2");
  setRoute(ROUTE_PASSTHROUGH, {});
  setService(server.address);
  EXPECT_TRUE(connected(server.address));
  EXPECT_EQ(reason(REASON_PASSTHROUGH), 1U);
}

TEST_F(ConnectPath, LeavesWorkloadsWithoutRecordAlone) {
  const auto called = listen("127.0.0.2");
  const auto endpoint = listen("127.0.0.3");
  steerTo(called.address, {endpoint.address});
  ASSERT_TRUE(view<Table::kWorkloads>().erase(kWorkload.value).ok());

  EXPECT_TRUE(connected(called.address));

  EXPECT_TRUE(called.accept());
  EXPECT_EQ(reason(REASON_NO_WORKLOAD), 1U);
}

TEST_F(ConnectPath, TouchesNothingOutsideTheCgroup) {
  const auto called = listen("127.0.0.2");
  const auto endpoint = listen("127.0.0.3");
  steerTo(called.address, {endpoint.address});

  const Fd outsider(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connectTo(outsider, called.address), 0);

  EXPECT_TRUE(called.accept());
  EXPECT_EQ(endpoint.drain(), 0U);
  for (uint32_t i = 0; i < REASON_COUNT; ++i) {
    EXPECT_EQ(reason(static_cast<sluice_reason>(i)), 0U);
  }
}

TEST_F(ConnectPath, SteersProcessesOfTheWorkloadInAnyNamespace) {
  inAnotherNamespace([&](SocketMaker& sockets) {
    const auto server = listen("127.0.0.2");
    steerTo(vip_, {server.address});
    const auto client = sockets.make(AF_INET, SOCK_STREAM);
    ASSERT_TRUE(client.ok());
    ASSERT_EQ(connectTo(*client, vip_), 0);
    EXPECT_TRUE(server.accept());
    EXPECT_EQ(peerAddress(*client), vip_);
  });
  EXPECT_EQ(reason(REASON_STEERED), 1U);
}

TEST_F(ConnectPath, SteersNonBlockingConnects) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});
  const Fd client = clientSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
  const int error = connectTo(client, vip_);
  EXPECT_TRUE(error == 0 || error == EINPROGRESS) << strerror(error);
  EXPECT_EQ(connectResult(client), 0);
  EXPECT_EQ(peerAddress(client), vip_);
  EXPECT_EQ(reason(REASON_STEERED), 1U);
}

TEST_F(ConnectPath, ReconnectedSocketForgetsItsFirstStory) {
  const auto endpoint = listen("127.0.0.2");
  const auto plain = listen("127.0.0.3");
  steerTo(vip_, {endpoint.address});
  const Fd client = connected(vip_);

  sockaddr unspecified{};
  unspecified.sa_family = AF_UNSPEC;
  ASSERT_EQ(::connect(client.get(), &unspecified, sizeof(unspecified)), 0);
  ASSERT_EQ(connectTo(client, plain.address), 0);

  EXPECT_EQ(peerAddress(client), plain.address);
  EXPECT_TRUE(plain.accept());
  EXPECT_EQ(active(1), 0U);
}

TEST_F(ConnectPath, ForgetsAlsoWhatNeverGotAsFarAsASyn) {
  const auto plain = listen("127.0.0.3");
  steerTo(vip_, {at("192.0.2.1", 80)});
  const Fd client = clientSocket();
  ASSERT_EQ(connectTo(client, vip_), ENETUNREACH);

  ASSERT_EQ(connectTo(client, plain.address), 0);

  EXPECT_EQ(peerAddress(client), plain.address);
}

}  // namespace
}  // namespace sluice::test
