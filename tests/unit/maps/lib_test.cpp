// SPDX-License-Identifier: Apache-2.0
// Addresses, hashes, listener addresses, payload bytes.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "maps/abi/listener_address.h"
#include "maps/lib/address.h"
#include "maps/lib/hash.h"
#include "maps/lib/tcp_bytes.h"

namespace sluice {
namespace {

using Address = std::array<uint8_t, 16>;

Address parse6(const char* text) {
  Address address{};
  EXPECT_EQ(::inet_pton(AF_INET6, text, address.data()), 1);
  return address;
}

TEST(MapAddress, KnowsMappedFromOthers) {
  EXPECT_TRUE(address_is_v4(parse6("::ffff:10.0.0.1").data()));
  EXPECT_TRUE(address_is_v4(parse6("::ffff:0.0.0.0").data()));
  EXPECT_FALSE(address_is_v4(parse6("::10.0.0.1").data()));
  EXPECT_FALSE(address_is_v4(parse6("::1").data()));
  EXPECT_FALSE(address_is_v4(parse6("2001::ffff:10.0.0.1").data()));
  EXPECT_FALSE(address_is_v4(parse6("::ff00:10.0.0.1").data()));
}

TEST(MapAddress, MapsV4AndBack) {
  Address address = parse6("2001:db8::1");
  address_set_v4(address.data(), htonl(0x0a010203));
  EXPECT_EQ(address, parse6("::ffff:10.1.2.3"));
  EXPECT_EQ(address_v4(address.data()), htonl(0x0a010203));
}

TEST(MapAddress, ZeroIsAllZero) {
  EXPECT_TRUE(address_is_zero(parse6("::").data()));
  EXPECT_FALSE(address_is_zero(parse6("::1").data()));
}

uint64_t hashOf(std::string_view text) { return fnv1a64(text.data(), text.size()); }

TEST(Fnv1a64, GivesThePublishedValues) {
  EXPECT_EQ(hashOf(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(hashOf("a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(hashOf("foobar"), 0x85944171f73967e8ULL);
  EXPECT_EQ(hashOf("\xff"), (0xcbf29ce484222325ULL ^ 0xff) * 0x100000001b3ULL) << "not signed";
}

TEST(Fnv1a64, GoesOnWhereItStopped) {
  EXPECT_EQ(fnv1a64_more(fnv1a64("foo", 3), "bar", 3), hashOf("foobar"));
}

TEST(ListenerAddress, CarriesTheServiceAndBack) {
  for (const uint32_t service : {1U, 0xffffU, 0x10000U, SLUICE_MAX_SERVICE_ID}) {
    EXPECT_EQ(listener_service(listener_address(service)), service);
    EXPECT_EQ(listener_address(service) >> 24, 127U);
  }
}

TEST(ListenerAddress, OthersCarryNone) {
  EXPECT_EQ(listener_service(0x7f000001), 0U) << "127.0.0.1";
  EXPECT_EQ(listener_service(0x7ffe0000), 0U) << "127.254.0.0";
  EXPECT_EQ(listener_service(0x0a000001), 0U) << "10.0.0.1";
}

TEST(TcpBytes, SynAndFinAreNoPayload) {
  EXPECT_EQ(tcp_sent_payload(12, TCP_CLOSED_IN_FIN_WAIT2, 1), 10U);
  EXPECT_EQ(tcp_sent_payload(12, TCP_CLOSED_IN_LAST_ACK, 1), 10U);
  EXPECT_EQ(tcp_sent_payload(11, TCP_CLOSED_IN_LAST_ACK, 0), 10U) << "FIN not acknowledged";
  EXPECT_EQ(tcp_sent_payload(11, 1, 1), 10U) << "reset while established: no FIN";
  EXPECT_EQ(tcp_received_payload(11, TCP_CLOSED_IN_LAST_ACK), 10U);
  EXPECT_EQ(tcp_received_payload(10, 1), 10U);
}

TEST(TcpBytes, NeverBelowZero) {
  EXPECT_EQ(tcp_sent_payload(0, TCP_CLOSED_IN_FIN_WAIT2, 1), 0U);
  EXPECT_EQ(tcp_received_payload(0, TCP_CLOSED_IN_FIN_WAIT2), 0U);
}

}  // namespace
}  // namespace sluice
