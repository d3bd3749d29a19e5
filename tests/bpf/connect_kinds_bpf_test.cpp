// SPDX-License-Identifier: Apache-2.0
// Ways to call connect() that are not the usual one: with the first bytes in the SYN, of UDP, and
// of a socket that has been connected before.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <thread>

#include "tests/bpf/kernel_test.h"

namespace sluice::test {
namespace {

constexpr std::string_view kFirstBytes = "GET / HTTP/1.1\r\n\r\n";

using OpenWithBytes = int (*)(const Fd& client, const SocketAddress& to);

bool sent(ssize_t count) { return count == static_cast<ssize_t>(kFirstBytes.size()); }

/// 0 or an errno.
int bySendTo(const Fd& client, const SocketAddress& to) {
  sockaddr_storage storage{};
  const socklen_t size = to.to(to.ip.isV4() ? AF_INET : AF_INET6, storage);
  return sent(::sendto(client.get(), kFirstBytes.data(), kFirstBytes.size(), MSG_FASTOPEN,
                       reinterpret_cast<const sockaddr*>(&storage), size))
             ? 0
             : errno;
}

/// The same; connect() waits with the SYN for the first bytes.
int byDeferredConnect(const Fd& client, const SocketAddress& to) {
  const int on = 1;
  if (::setsockopt(client.get(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)) != 0)
    return errno;
  if (const int error = connectTo(client, to); error != 0) return error;
  return sent(::send(client.get(), kFirstBytes.data(), kFirstBytes.size(), 0)) ? 0 : errno;
}

std::string received(const Fd& socket) {
  std::array<char, 64> buffer{};
  const auto count = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  return {buffer.data(), count > 0 ? static_cast<size_t>(count) : 0};
}

/// Whether the peer took them with the SYN.
bool firstBytesWentWithSyn(const Fd& client) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  return ::getsockopt(client.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         (info.tcpi_options & TCPI_OPT_SYN_DATA) != 0;
}

/// In a network namespace where clients and listeners use TCP fast open, without cookies.
class FastOpen : public KernelTest, public testing::WithParamInterface<OpenWithBytes> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    constexpr int kClient = 1, kServer = 2, kNoCookieOut = 4, kNoCookieIn = 0x200, kAll = 0x400;
    std::ofstream file("/proc/sys/net/ipv4/tcp_fastopen");
    file << (kClient | kServer | kNoCookieOut | kNoCookieIn | kAll) << std::endl;
    ASSERT_TRUE(file.good());
  }
};

TEST_P(FastOpen, IsSteered) {
  for (const auto& [vip, ip] : {std::pair(vip_, "127.0.0.2"), std::pair(vip6_, "::1")}) {
    const auto server = listen(ip);
    steerTo(vip, {server.address});
    const Fd client = clientSocket(vip.ip.isV4() ? AF_INET : AF_INET6);
    ASSERT_EQ(GetParam()(client, vip), 0);
    const Fd accepted = server.accept();
    ASSERT_TRUE(accepted);
    EXPECT_EQ(received(accepted), kFirstBytes);
    EXPECT_TRUE(firstBytesWentWithSyn(client));
    EXPECT_EQ(peerAddress(client), vip);
  }
  EXPECT_EQ(reason(REASON_STEERED), 2U);
  EXPECT_EQ(endpointStats(1).established, 2U);
  EXPECT_EQ(endpointStats(1).closed, 2U);
  EXPECT_EQ(active(1), 0U);
}

/// As the broker does (userspace/broker/listeners.cpp).
void refuseFastOpen(const Listener& listener) {
  const int queue = 0;
  ASSERT_EQ(::setsockopt(listener.fd.get(), IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)), 0);
}

TEST_P(FastOpen, OriginalDestinationIsThereWhenAcceptReturns) {
  const auto listener4 = listen("0.0.0.0", "lo");
  const auto listener6 = listen("::1");
  const auto alive = listen("127.0.0.1");
  refuseFastOpen(listener6);
  setWorkload(listener4.address.port, listener6.address.port, alive.address.port);
  setRoute(ROUTE_VIA_PROXY, {});
  setService(vip6_);
  constexpr int kConnections = 500;
  int missing = 0;
  std::thread agent([&] {
    for (int i = 0; i < kConnections; ++i) {
      // It does not sleep: it is to be there before the client's connect() has come to its end.
      Fd accepted;
      while (!accepted) accepted = listener6.accept(0);
      const auto client = peerAddress(accepted);
      origdst_key key{};
      std::copy(client.ip.bytes.begin(), client.ip.bytes.end(), key.client);
      key.workload = kWorkload.value;
      key.client_port = htons(client.port);
      key.listener_port = htons(listener6.address.port);
      missing += view<Table::kOriginalDestinations>().get(key).ok() ? 0 : 1;
      EXPECT_EQ(received(accepted), kFirstBytes);
    }
  });
  for (int i = 0; i < kConnections; ++i) {
    const Fd client = clientSocket(AF_INET6);
    EXPECT_EQ(GetParam()(client, vip6_), 0);
    EXPECT_EQ(received(client), "") << "until the agent closes";
  }
  agent.join();
  EXPECT_EQ(missing, 0);
}

using ConnectAgain = KernelTest;

void disconnect(const Fd& client) {
  sockaddr unspecified{};
  unspecified.sa_family = AF_UNSPEC;
  ASSERT_EQ(::connect(client.get(), &unspecified, sizeof(unspecified)), 0);
}

TEST_F(ConnectAgain, ADisconnectedSocketIsSteeredAnew) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});
  const Fd client = connected(vip_);
  ASSERT_TRUE(server.accept());

  disconnect(client);
  EXPECT_EQ(peerAddress(client), SocketAddress{}) << "connected to nobody";
  EXPECT_EQ(active(1), 0U);
  ASSERT_EQ(connectTo(client, vip_), 0);

  EXPECT_TRUE(server.accept());
  EXPECT_EQ(peerAddress(client), vip_);
  EXPECT_EQ(endpointStats(1).opened, 2U);
  EXPECT_EQ(endpointStats(1).established, 2U);
  EXPECT_EQ(endpointStats(1).closed, 1U);
  EXPECT_EQ(active(1), 1U);
}

TEST_F(ConnectAgain, ARefusedSocketIsSteeredAnew) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {at("127.0.0.2", 1)});
  const Fd client = clientSocket();
  ASSERT_EQ(connectTo(client, vip_), ECONNREFUSED);
  steerTo(vip_, {server.address});

  ASSERT_EQ(connectTo(client, vip_), 0);

  EXPECT_TRUE(server.accept());
  EXPECT_EQ(peerAddress(client), vip_);
}

/// A service of TCP has the address and the port on which somebody listens with UDP.
class Datagrams : public KernelTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    family_ = at(GetParam(), 0).ip.isV4() ? AF_INET : AF_INET6;
    peer_ = Fd(::socket(family_, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage{};
    const socklen_t size = at(GetParam(), 0).to(family_, storage);
    ASSERT_EQ(::bind(peer_.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);
    service_ = localAddress(peer_);
    steerTo(service_, {at("127.0.0.3", 1), at("::1", 1)});
    client_ = clientSocket(family_, SOCK_DGRAM);
  }

  int family_ = AF_INET;
  Fd peer_, client_;
  SocketAddress service_;
};

TEST_P(Datagrams, OfConnectedSocketsAreLeftAlone) {
  ASSERT_EQ(connectTo(client_, service_), 0);
  EXPECT_EQ(peerAddress(client_), service_);
  ASSERT_TRUE(sent(::send(client_.get(), kFirstBytes.data(), kFirstBytes.size(), 0)));
  EXPECT_EQ(received(peer_), kFirstBytes);
  EXPECT_EQ(reason(REASON_NOT_TCP), 1U);
}

TEST_P(Datagrams, WithAnAddressOfTheirOwnAreLeftAlone) {
  sockaddr_storage storage{};
  const socklen_t size = service_.to(family_, storage);
  const auto* to = reinterpret_cast<const sockaddr*>(&storage);
  ASSERT_TRUE(sent(::sendto(client_.get(), kFirstBytes.data(), kFirstBytes.size(), 0, to, size)));
  EXPECT_EQ(received(peer_), kFirstBytes);
}

INSTANTIATE_TEST_SUITE_P(Of, Datagrams, testing::Values("127.0.0.2", "::1"), [](const auto& ip) {
  return std::string(ip.param).starts_with("127") ? "V4" : "V6";
});

INSTANTIATE_TEST_SUITE_P(By, FastOpen, testing::Values(&bySendTo, &byDeferredConnect),
                         [](const auto& way) {
                           return way.param == &bySendTo ? "SendTo" : "DeferredConnect";
                         });

}  // namespace
}  // namespace sluice::test
