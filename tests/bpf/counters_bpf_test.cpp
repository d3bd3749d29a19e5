// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bpf/kernel_test.h"

namespace sluice::test {
namespace {

class Counters : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    server_ = listen("127.0.0.2");
    steerTo(vip_, {server_.address});
  }

  /// Closes the client's end first, and returns when both ends are through with it.
  void closeInOrder(Fd client, Fd accepted) {
    ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);
    readToEnd(accepted);
    accepted.reset();
    readToEnd(client);
  }

  Listener server_;
};

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

TEST_F(Counters, WhatASocketDoesAfterwardsIsNotCounted) {
  server_.fd.reset();
  Fd client = clientSocket();
  EXPECT_EQ(connectTo(client, vip_), ECONNREFUSED);
  ASSERT_EQ(::listen(client.get(), 1), 0);
  client.reset();
  EXPECT_EQ(endpointStats(1).failed, 1U);
}

}  // namespace
}  // namespace sluice::test
