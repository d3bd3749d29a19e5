// SPDX-License-Identifier: Apache-2.0
// What the kernel answers is read as it is, and nothing else is. Real answers: tests/bpf.
#include "userspace/broker/socket_diag.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <vector>

namespace sluice::broker {
namespace {

std::vector<std::byte> datagram(uint16_t type, std::span<const std::byte> payload,
                                uint32_t missing = 0) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_len = static_cast<uint32_t>(sizeof(header) + payload.size()) + missing;
  std::vector<std::byte> bytes(sizeof(header) + payload.size());
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::ranges::copy(payload, bytes.begin() + sizeof(header));
  return bytes;
}

std::vector<std::byte> errorDatagram(int error) {
  const int negative = -error;
  return datagram(NLMSG_ERROR, std::as_bytes(std::span(&negative, 1)));
}

TEST(SocketDiagAnswer, EndsWithDoneOrAnError) {
  std::vector<SeenSocket> found;
  EXPECT_FALSE(*readSockets(datagram(NLMSG_DONE, {}), found));
  EXPECT_FALSE(*readSockets(errorDatagram(0), found));
  EXPECT_EQ(readSockets(errorDatagram(EPERM), found).error().errnum(), EPERM);
  EXPECT_TRUE(found.empty());
}

TEST(SocketDiagAnswer, SocketsWithoutStorageHaveNoRecord) {
  std::vector<SeenSocket> found;
  const inet_diag_msg socket{};
  EXPECT_TRUE(
      *readSockets(datagram(SOCK_DIAG_BY_FAMILY, std::as_bytes(std::span(&socket, 1))), found));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].remembered);
}

TEST(SocketDiagAnswer, CutMessagesAreRefusedAndCutPayloadsPassedOver) {
  std::vector<SeenSocket> found;
  const std::array<std::byte, 8> half{};
  EXPECT_FALSE(readSockets(datagram(SOCK_DIAG_BY_FAMILY, half, 1), found).ok());
  EXPECT_TRUE(*readSockets(datagram(SOCK_DIAG_BY_FAMILY, half), found));
  EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace sluice::broker
