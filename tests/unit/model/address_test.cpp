// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace sluice {
namespace {

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  for (const char* text : {"10.0.0.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::1", "::"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ((*address).text(), text);
  }
}

TEST(IpAddress, MappedAddressIsIpv4) {
  const auto mapped = IpAddress::parse("::ffff:10.0.0.1");
  ASSERT_TRUE(mapped.ok());
  EXPECT_TRUE((*mapped).isV4());
  EXPECT_EQ(*mapped, *IpAddress::parse("10.0.0.1"));
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "10.0.0", "10.0.0.256", "010.0.0.1x", "fe80::1%eth0", "host", "1.2.3.4 "}) {
    EXPECT_FALSE(IpAddress::parse(text).ok()) << text;
  }
}

TEST(SocketAddress, SurvivesTheWayToTheKernelAndBack) {
  const SocketAddress address{*IpAddress::parse("10.1.2.3"), 8080};
  for (const int family : {AF_INET, AF_INET6}) {
    sockaddr_storage storage{};
    ASSERT_GT(address.to(family, storage), 0U);
    EXPECT_EQ(storage.ss_family, family);
    const auto back = SocketAddress::from(storage);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, address);
  }
}

TEST(SocketAddress, Ipv6DoesNotFitIpv4) {
  sockaddr_storage storage{};
  const SocketAddress address{*IpAddress::parse("2001:db8::1"), 80};
  EXPECT_EQ(address.to(AF_INET, storage), 0U);
  EXPECT_EQ(address.text(), "[2001:db8::1]:80");
}

}  // namespace
}  // namespace sluice
