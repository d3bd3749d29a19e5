// SPDX-License-Identifier: Apache-2.0
// Which connections a client waits for nothing on.
#include "userspace/broker/idle.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <array>
#include <chrono>
#include <span>

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;

/// The answer came half a second after the request, a minute ago.
SeenSocket answered() {
  SeenSocket socket;
  socket.state = TCP_ESTABLISHED;
  socket.use = SocketUse{.since_sent = 60500ms, .since_received = 60s, .sent = 1, .received = 3};
  return socket;
}

TEST(Idle, IsWhoWasAnsweredAndQuietLongEnough) {
  auto socket = answered();
  EXPECT_TRUE(isIdle(socket));
  EXPECT_FALSE(isIdle(socket, 61s)) << "the answer may go on after a pause";
  socket.use->since_received = kQuiet - 1ms;
  EXPECT_FALSE(isIdle(socket));
}

TEST(Idle, IsNobodyWhoWaitsForAnAnswer) {
  auto socket = answered();
  socket.use->since_sent = 59s;
  EXPECT_FALSE(isIdle(socket)) << "the request came after the last answer";
  socket.use->since_sent = socket.use->since_received;
  EXPECT_FALSE(isIdle(socket)) << "it may have";
}

TEST(Idle, IsNobodyWithBytesOnTheWay) {
  auto socket = answered();
  socket.unread = 1;
  EXPECT_FALSE(isIdle(socket));
  socket.unread = 0;
  socket.unacked = 1;
  EXPECT_FALSE(isIdle(socket));
}

TEST(Idle, IsNobodyWhoHasNotBegunOrIsEnding) {
  auto socket = answered();
  socket.use->received = 0;
  EXPECT_FALSE(isIdle(socket)) << "the first request is still to come";
  socket = answered();
  socket.use->sent = 0;
  EXPECT_FALSE(isIdle(socket));
  socket = answered();
  socket.state = TCP_CLOSE_WAIT;
  EXPECT_FALSE(isIdle(socket));
  socket = answered();
  socket.use.reset();
  EXPECT_FALSE(isIdle(socket)) << "the kernel does not tell";
}

TEST(SocketUse, OfAKernelThatTellsLessIsUnknown) {
  // linux/tcp.h: tcpi_last_data_sent, _recv, tcpi_data_segs_in, _out; it goes on after these.
  std::array<uint32_t, 50> info{};
  info[11] = 20;
  info[13] = 10;
  info[38] = 1;
  info[39] = 2;
  const auto bytes = std::as_bytes(std::span(info));
  const SocketUse expected{.since_sent = 20ms, .since_received = 10ms, .sent = 2, .received = 1};
  EXPECT_EQ(readUse(bytes), expected);
  EXPECT_EQ(readUse(bytes.first(160)), expected);
  EXPECT_EQ(readUse(bytes.first(159)), std::nullopt);
}

}  // namespace
}  // namespace sluice::broker
