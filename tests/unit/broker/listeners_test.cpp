// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/listeners.h"

#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <array>
#include <fstream>

#include "tests/unit/broker/support.h"

namespace sluice::broker {
namespace {

// RFC 1071, over whole 16-bit words.
uint16_t checksum(const void* data, size_t size, uint32_t sum = 0) {
  for (size_t i = 0; i < size; i += 2) {
    uint16_t word;
    std::memcpy(&word, static_cast<const char*>(data) + i, 2);
    sum += word;
  }
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<uint16_t>(~sum);
}

struct TcpPacket {
  iphdr ip;
  tcphdr tcp;
};

// From 10.9.8.6:4000 to 10.9.8.7:`port`.
TcpPacket synTo(uint16_t port) {
  TcpPacket packet{};
  packet.ip.version = 4;
  packet.ip.ihl = 5;
  packet.ip.tot_len = htons(sizeof(packet));
  packet.ip.ttl = 64;
  packet.ip.protocol = IPPROTO_TCP;
  packet.ip.saddr = htonl(0x0a090806);
  packet.ip.daddr = htonl(0x0a090807);
  packet.ip.check = checksum(&packet.ip, sizeof(packet.ip));
  packet.tcp.th_sport = htons(4000);
  packet.tcp.th_dport = htons(port);
  packet.tcp.th_off = 5;
  packet.tcp.th_flags = TH_SYN;
  packet.tcp.th_win = htons(1000);
  const uint32_t pseudo = 0u + htons(IPPROTO_TCP) + htons(sizeof(tcphdr));
  const uint32_t addresses = static_cast<uint16_t>(~checksum(&packet.ip.saddr, 8));
  packet.tcp.th_sum = checksum(&packet.tcp, sizeof(packet.tcp), pseudo + addresses);
  return packet;
}

// What comes back through the device when another host's SYN for `port` arrives there.
std::string answerToSyn(const Fd& tun, uint16_t port) {
  const auto syn = synTo(port);
  EXPECT_EQ(::write(tun.get(), &syn, sizeof(syn)), static_cast<ssize_t>(sizeof(syn)));
  for (pollfd wait{tun.get(), POLLIN, 0}; ::poll(&wait, 1, 5000) == 1;) {
    std::array<char, 1500> buffer{};
    TcpPacket answer;
    const auto size = ::read(tun.get(), buffer.data(), buffer.size());
    std::memcpy(&answer, buffer.data(), sizeof(answer));
    // The device's own multicast (IPv6) comes this way too.
    if (size < 40 || answer.ip.version != 4 || answer.ip.protocol != IPPROTO_TCP) continue;
    return (answer.tcp.th_flags & TH_RST) != 0 ? "RST" : "SYN-ACK";
  }
  return "nothing";
}

class ListenersTest : public testing::Test {
 protected:
  void SetUp() override { SLUICE_NEEDS_ROOT(); }
};

TEST_F(ListenersTest, AllOfLoopbackReachesTheListeners) {
  const TestNamespace there;
  const auto listeners = *there.inside(&Listeners::open);
  const auto reach = [&](const char* ip, uint16_t port) {
    return there.inside([&] { return connectTo(ip, port); }).ok();
  };
  EXPECT_TRUE(reach("127.0.0.1", listeners.listener4_port));
  EXPECT_TRUE(reach("127.200.1.2", listeners.listener4_port));
  EXPECT_TRUE(reach("::1", listeners.listener6_port));
  EXPECT_TRUE(reach("127.0.0.1", listeners.alive_port));
  EXPECT_NE(listeners.netns_cookie, 0u);
}

TEST_F(ListenersTest, OtherDevicesDoNot) {
  const TestNamespace there;
  const Fd tun = there.addDevice("tun0", "10.9.8.7");
  const auto listeners = *there.inside(&Listeners::open);
  EXPECT_EQ(answerToSyn(tun, listeners.listener4_port), "RST");
  // The same packet to a listener that is bound to no device: the test can tell.
  auto plain = there.inside([] { return Result(listenAt("0.0.0.0")); });
  EXPECT_EQ(answerToSyn(tun, plain->second), "SYN-ACK");
}

TEST_F(ListenersTest, NamespaceWithLoopbackDownHasNoV6UntilItComesUp) {
  const TestNamespace there(TestNamespace::Loopback::kDown);
  // Before the first device is up, bind() takes any address for local.
  const Fd tun = there.addDevice("tun0", "10.9.8.7");
  auto opened = there.inside(&Listeners::open);
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_FALSE(opened->listener6);
  EXPECT_EQ(opened->listener6_port, 0);
  EXPECT_NE(opened->alive_port, 0);
  there.bringUpLoopback();
  ASSERT_TRUE(there.inside([&] { return opened->addV6(); }).ok());
  EXPECT_TRUE(opened->listener6);
  EXPECT_TRUE(there.inside([&] { return connectTo("127.0.0.1", opened->alive_port); }).ok());
}

TEST_F(ListenersTest, DoNotTakeConnectionsThatAreOnlyHalfEstablished) {
  const TestNamespace there;
  const auto listeners = *there.inside([]() -> Result<Listeners> {
    // Fast open for all listeners, without a socket option and without cookies.
    std::ofstream("/proc/sys/net/ipv4/tcp_fastopen") << 0x603;
    return Listeners::open();
  });
  for (const Fd* listener : {&listeners.listener4, &listeners.listener6}) {
    int queue = -1;
    socklen_t size = sizeof(queue);
    ASSERT_EQ(::getsockopt(listener->get(), IPPROTO_TCP, TCP_FASTOPEN, &queue, &size), 0);
    EXPECT_EQ(queue, 0);
  }
}

TEST_F(ListenersTest, OwnAddressesAreNeitherLoopbackNorLinkLocal) {
  const TestNamespace there;
  EXPECT_EQ(there.inside(&OwnAddresses::find)->v4, IpAddress{});
  const Fd link_local = there.addDevice("tun0", "169.254.1.1");
  EXPECT_EQ(there.inside(&OwnAddresses::find)->v4, IpAddress{});
  const Fd global = there.addDevice("tun1", "10.9.8.7");
  EXPECT_EQ(there.inside(&OwnAddresses::find)->v4.text(), "10.9.8.7");
  // The kernel gives each device that comes up a link-local address.
  EXPECT_EQ(there.inside(&OwnAddresses::find)->v6, IpAddress{});
}

}  // namespace
}  // namespace sluice::broker
