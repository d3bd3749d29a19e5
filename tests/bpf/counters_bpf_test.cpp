// SPDX-License-Identifier: Apache-2.0
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "tests/bpf/kernel_test.h"

namespace sluice::test {
namespace {

class Counters : public OneServerTest {
 protected:
  /// Fills the server's backlog, which makes it drop further SYNs.
  void dropSyns() {
    ASSERT_EQ(::listen(server_.fd.get(), 0), 0);
    waiting_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connectTo(waiting_, server_.address), 0);
  }

  Fd connecting() {
    Fd client = clientSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    EXPECT_EQ(connectTo(client, vip_), EINPROGRESS);
    return client;
  }

  /// Of the network namespace: what sockets may spend on options, and on their storage.
  static bool limitSocketMemory(int bytes) {
    std::ofstream file("/proc/sys/net/core/optmem_max");
    file << bytes << std::endl;
    return file.good();
  }

  Fd waiting_;
};

uint32_t retransmissions(const Fd& socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  ::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size);
  return info.tcpi_total_retrans;
}

/// After a second; waits for five.
bool sendsItsSynAgain(const Fd& client) {
  pollfd answer{client.get(), POLLOUT, 0};
  for (int i = 0; i < 500 && retransmissions(client) == 0; ++i)
    if (::poll(&answer, 1, 10) != 0) return false;
  return retransmissions(client) > 0;
}

TEST_F(Counters, FollowAConnectionToItsEnd) {
  Fd client = connected(vip_);
  Fd accepted = server_.accept();
  EXPECT_EQ(endpointStats(1).opened, 1U);
  EXPECT_EQ(endpointStats(1).established, 1U);
  EXPECT_EQ(active(1), 1U);

  closeInOrder(std::move(client), std::move(accepted));

  EXPECT_EQ(endpointStats(1).closed, 1U);
  EXPECT_EQ(endpointStats(1).failed, 0U);
  EXPECT_EQ(active(1), 0U);
}

TEST_F(Counters, BindingAndClusterCountLikeTheEndpoint) {
  connected(vip_);
  EXPECT_EQ(serviceStats().opened, 1U);
  EXPECT_EQ(serviceStats().established, 1U);
  EXPECT_EQ(view<Table::kClusterStats>().get(1)->opened, 1U);
}

TEST_F(Counters, BytesArePayload) {
  Fd client = connected(vip_);
  Fd accepted = server_.accept();
  ASSERT_EQ(::send(client.get(), "0123456789", 10, 0), 10);
  ASSERT_EQ(::send(accepted.get(), "abc", 3, 0), 3);

  closeInOrder(std::move(client), std::move(accepted));

  EXPECT_EQ(endpointStats(1).sent_bytes, 10U);
  EXPECT_EQ(endpointStats(1).received_bytes, 3U);
}

TEST_F(Counters, BytesArePayloadAlsoWhenTheServerClosesFirst) {
  Fd client = connected(vip_);
  Fd accepted = server_.accept();
  ASSERT_EQ(::send(client.get(), "0123456789", 10, 0), 10);
  ASSERT_EQ(::send(accepted.get(), "abc", 3, 0), 3);

  ASSERT_EQ(::shutdown(accepted.get(), SHUT_WR), 0);
  readToEnd(client);
  client.reset();
  readToEnd(accepted);

  EXPECT_EQ(endpointStats(1).sent_bytes, 10U);
  EXPECT_EQ(endpointStats(1).received_bytes, 3U);
}

TEST_F(Counters, EndpointThatRefusesHasFailed) {
  server_.fd.reset();
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(endpointStats(1).opened, 1U);
  EXPECT_EQ(endpointStats(1).failed, 1U);
  EXPECT_EQ(endpointStats(1).established, 0U);
  EXPECT_EQ(active(1), 0U);
  EXPECT_EQ(reason(REASON_STEERED), 1U);
}

TEST_F(Counters, SocketIsCountedAgainWhenItTriesAgain) {
  const Fd client = clientSocket();
  const auto address = server_.address;
  setEndpoint(1, at("127.0.0.3", address.port));
  EXPECT_EQ(connectTo(client, vip_), ECONNREFUSED);
  setEndpoint(1, address);
  EXPECT_EQ(connectTo(client, vip_), 0);

  EXPECT_EQ(endpointStats(1).opened, 2U);
  EXPECT_EQ(endpointStats(1).failed, 1U);
  EXPECT_EQ(endpointStats(1).established, 1U);
  EXPECT_EQ(peerAddress(client), vip_);
}

TEST_F(Counters, AConnectThatComesToNoSynIsNotCounted) {
  const Fd client = clientSocket();
  setEndpoint(1, at("127.0.0.3", server_.address.port));
  ASSERT_EQ(connectTo(client, vip_), ECONNREFUSED);
  setEndpoint(1, server_.address);
  ASSERT_TRUE(limitLocalPorts(20000, 20000));
  const Fd other = connected(vip_);

  EXPECT_EQ(connectTo(client, vip_), EADDRNOTAVAIL);

  EXPECT_EQ(endpointStats(1).opened, 2U);
  EXPECT_EQ(endpointStats(1).failed, 1U);
  EXPECT_EQ(endpointStats(1).given_up, 0U);
  EXPECT_EQ(reason(REASON_STEERED), 3U);
}

TEST_F(Counters, WhatASocketDoesAfterwardsIsNotCounted) {
  server_.fd.reset();
  Fd client = clientSocket();
  EXPECT_EQ(connectTo(client, vip_), ECONNREFUSED);
  ASSERT_EQ(::listen(client.get(), 1), 0);
  client.reset();
  EXPECT_EQ(endpointStats(1).failed, 1U);
}

TEST_F(Counters, ClientThatGivesUpAtOnceBlamesNobody) {
  dropSyns();
  Fd client = connecting();
  client.reset();
  EXPECT_EQ(endpointStats(1).given_up, 1U);
  EXPECT_EQ(endpointStats(1).failed, 0U);
  EXPECT_EQ(serviceStats().given_up, 1U);
}

/// A second without an answer, after which the SYN is sent again, is the endpoint's failure.
TEST_F(Counters, EndpointThatDoesNotAnswerHasFailed) {
  dropSyns();
  Fd client = connecting();
  ASSERT_TRUE(sendsItsSynAgain(client));
  client.reset();
  EXPECT_EQ(endpointStats(1).failed, 1U);
  EXPECT_EQ(endpointStats(1).given_up, 0U);
}

TEST_F(Counters, RoutesCountWhatTheyDecided) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(connected(vip_));
  EXPECT_EQ(*view<Table::kRouteOpened>().get(kRoute), 3U);
}

/// No memory for one more record of a socket.
TEST_F(Counters, HelperThatFailsIsNamedWithItsLine) {
  const Fd client = clientSocket();
  if (!limitSocketMemory(0)) GTEST_SKIP() << "the limit is the whole machine's (before Linux 6.8)";
  EXPECT_EQ(connectTo(client, vip_), ECONNREFUSED);
  EXPECT_EQ(connectTo(client, vip_), ECONNREFUSED);
  std::vector<std::pair<failure_key, failure>> seen;
  ASSERT_TRUE(view<Table::kFailures>()
                  .visit([&](const failure_key& key, const failure& value) {
                    seen.emplace_back(key, value);
                  })
                  .ok());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].first.site, SITE_REMEMBER);
  EXPECT_GT(seen[0].first.line, 0);
  EXPECT_EQ(seen[0].second.count, 2U);
  EXPECT_EQ(reason(REASON_HELPER_FAILED), 2U);
}

}  // namespace
}  // namespace sluice::test
