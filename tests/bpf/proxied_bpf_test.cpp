// SPDX-License-Identifier: Apache-2.0
// Routes that need the agent: what the listener sees, and what happens without it.
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "maps/abi/listener_address.h"
#include "tests/bpf/kernel_test.h"

namespace sluice::test {
namespace {

/// Listeners as the broker opens them.
class ProxiedRoute : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    listener4_ = listen("0.0.0.0", "lo");
    listener6_ = listen("::1");
    alive_ = listen("127.0.0.1");
    setWorkload(listener4_.address.port, listener6_.address.port, alive_.address.port);
    setRoute(ROUTE_VIA_PROXY, {});
    setService(vip_);
    setService(vip6_);
  }

  /// A second service on the same binding.
  void addService(const SocketAddress& vip, uint32_t id) {
    service_key key{};
    std::copy(vip.ip.bytes.begin(), vip.ip.bytes.end(), key.address);
    key.port = htons(vip.port);
    key.protocol = IPPROTO_TCP;
    ASSERT_TRUE(view<Table::kServices>().put(key, {id, kBinding}).ok());
  }

  origdst_key keyOf(const Fd& accepted) const { return keyOf(accepted, listener6_); }

  static origdst_key keyOf(const Fd& accepted, const Listener& listener) {
    origdst_key key{};
    const auto client = peerAddress(accepted);
    std::copy(client.ip.bytes.begin(), client.ip.bytes.end(), key.client);
    key.workload = kWorkload.value;
    key.client_port = htons(client.port);
    key.listener_port = htons(listener.address.port);
    return key;
  }

  void failOpenTo(const SocketAddress& endpoint) {
    setEndpoint(1, endpoint);
    setCluster(1, {1});
    setRoute(ROUTE_VIA_PROXY, {}, 1, ROUTE_FAIL_OPEN);
  }

  Listener listener4_, listener6_, alive_;
};

/// One more address of `lo`.
bool addAddress(const std::string& ip) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::snprintf(request.ifr_name, sizeof(request.ifr_name), "lo:1");
  sockaddr_storage storage{};
  const socklen_t size = at(ip, 0).to(AF_INET, storage);
  std::memcpy(&request.ifr_addr, &storage, size);
  return ::ioctl(socket.get(), SIOCSIFADDR, &request) == 0;
}

constexpr const char* kNamespacesLookAlike =
    "the kernel does not tell user space namespaces apart (before Linux 5.14)";

uint32_t calledService(const Fd& accepted) {
  uint32_t address = 0;
  const auto local = localAddress(accepted).ip;
  std::memcpy(&address, &local.bytes[12], sizeof(address));
  return listener_service(ntohl(address));
}

TEST_F(ProxiedRoute, ListenerAddressNamesTheService) {
  const Fd client = connected(vip_);

  const Fd accepted = listener4_.accept();
  ASSERT_TRUE(accepted);
  EXPECT_EQ(calledService(accepted), kService);
  EXPECT_EQ(reason(REASON_TO_PROXY), 1U);
}

TEST_F(ProxiedRoute, ApplicationSeesTheAddressesItWouldHaveHad) {
  const Fd client = connected(vip_);
  const Fd accepted = listener4_.accept();

  EXPECT_EQ(peerAddress(client), vip_);
  EXPECT_EQ(localAddress(client), at("10.1.2.3", peerAddress(accepted).port));
}

TEST_F(ProxiedRoute, MappedAddressesOfV6Sockets) {
  const Fd client = clientSocket(AF_INET6);
  ASSERT_EQ(connectTo(client, vip_), 0);

  EXPECT_EQ(calledService(listener4_.accept()), kService);
  EXPECT_EQ(peerAddress(client), vip_);
  EXPECT_EQ(localAddress(client).ip, at("10.1.2.3", 0).ip);
}

TEST_F(ProxiedRoute, EachServiceHasItsOwnSourcePorts) {
  constexpr uint16_t kFirst = 20000;  // no listener of the test can have taken one of them
  constexpr int kPorts = 50;
  ASSERT_TRUE(limitLocalPorts(kFirst, kFirst + kPorts - 1));
  const auto other = at("10.96.0.2", 80);
  addService(other, kService + 1);

  std::vector<Fd> clients;
  for (int i = 0; i < kPorts; ++i) {
    clients.push_back(connected(vip_));
    clients.push_back(connected(other));
  }
}

TEST_F(ProxiedRoute, BoundAddressIsShownAsItIs) {
  ASSERT_TRUE(addAddress("10.9.9.9"));
  const Fd client = clientSocket();
  sockaddr_storage storage{};
  const socklen_t size = at("10.9.9.9", 0).to(AF_INET, storage);
  ASSERT_EQ(::bind(client.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);

  ASSERT_EQ(connectTo(client, vip_), 0);

  EXPECT_EQ(localAddress(client), peerAddress(listener4_.accept()));
  EXPECT_EQ(localAddress(client).ip, at("10.9.9.9", 0).ip);
}

TEST_F(ProxiedRoute, ASocketWhoseConnectionIsOverShowsItsOwnAddress) {
  listener4_.fd.reset();
  const Fd client = clientSocket();
  ASSERT_EQ(connectTo(client, vip_), ECONNREFUSED);
  ASSERT_EQ(::listen(client.get(), 1), 0);
  EXPECT_NE(localAddress(client).ip, at("10.1.2.3", 0).ip);
}

TEST_F(ProxiedRoute, ConnectPathShowsTheRealAddress) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});
  const Fd client = connected(vip_);
  EXPECT_EQ(localAddress(client), peerAddress(server.accept()));
}

TEST_F(ProxiedRoute, V6OriginalDestinationIsThereWhenAcceptReturns) {
  const Fd client = connected(vip6_);

  const Fd accepted = listener6_.accept();
  ASSERT_TRUE(accepted);
  const auto found = view<Table::kOriginalDestinations>().get(keyOf(accepted));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->service, kService);
  EXPECT_EQ(found->port, htons(80));
  EXPECT_TRUE(std::equal(vip6_.ip.bytes.begin(), vip6_.ip.bytes.end(), found->address));
  EXPECT_EQ(peerAddress(client), vip6_);
  EXPECT_EQ(localAddress(client).ip, at("fd00:1::3", 0).ip);
}

TEST_F(ProxiedRoute, LeftoverOriginalDestinationGoesWithTheConnection) {
  Fd client = connected(vip6_);
  const Fd accepted = listener6_.accept();
  const auto key = keyOf(accepted);

  const linger reset{1, 0};
  ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
  client.reset();

  EXPECT_FALSE(view<Table::kOriginalDestinations>().get(key).ok());
}

TEST_F(ProxiedRoute, AnyAddressGoesToTheListenerAndTheOriginIsTold) {
  setRoute(ROUTE_VIA_PROXY, {}, 0, ROUTE_TELL_ORIGIN);
  addService(at("0.0.0.0", 80), kService + 1);
  const auto called = at("198.51.100.7", 80);
  for (const int family : {AF_INET, AF_INET6}) {
    const Fd client = clientSocket(family);
    ASSERT_EQ(connectTo(client, called), 0);

    const Fd accepted = listener4_.accept();
    EXPECT_EQ(calledService(accepted), kService + 1);
    const auto found = view<Table::kOriginalDestinations>().get(keyOf(accepted, listener4_));
    ASSERT_TRUE(found.ok()) << family;
    EXPECT_EQ(found->port, htons(80));
    EXPECT_TRUE(std::equal(called.ip.bytes.begin(), called.ip.bytes.end(), found->address));
    EXPECT_EQ(peerAddress(client), called);
  }
}

TEST_F(ProxiedRoute, OriginIsNotToldUnasked) {
  const Fd client = connected(vip_);
  const Fd accepted = listener4_.accept();
  EXPECT_FALSE(view<Table::kOriginalDestinations>().get(keyOf(accepted, listener4_)).ok());
}

TEST_F(ProxiedRoute, ToldOriginGoesWithTheConnection) {
  setRoute(ROUTE_VIA_PROXY, {}, 0, ROUTE_TELL_ORIGIN);
  Fd client = connected(vip_);
  const Fd accepted = listener4_.accept();
  const auto key = keyOf(accepted, listener4_);
  ASSERT_TRUE(view<Table::kOriginalDestinations>().get(key).ok());

  const linger reset{1, 0};
  ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
  client.reset();

  EXPECT_FALSE(view<Table::kOriginalDestinations>().get(key).ok());
}

TEST_F(ProxiedRoute, FailsClosedAtOnceWhenTheBrokerIsGone) {
  alive_.fd.reset();
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(connectTo(clientSocket(AF_INET6), vip6_), ECONNREFUSED);
  EXPECT_EQ(reason(REASON_LISTENER_GONE), 2U);
}

TEST_F(ProxiedRoute, SomeoneElsesListenerOnThePortIsNotTheBroker) {
  alive_.fd.reset();
  const Fd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_storage storage{};
  const socklen_t size = at("0.0.0.0", alive_.address.port).to(AF_INET, storage);
  ASSERT_EQ(::bind(other.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);
  ASSERT_EQ(::listen(other.get(), 1), 0);

  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
}

TEST_F(ProxiedRoute, TheListenerItselfCannotBeLookedUp) {
  // Why there is a socket `alive`: should a kernel ever find this one, it may go.
  setWorkload(listener4_.address.port, 0, listener4_.address.port);
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_EQ(reason(REASON_LISTENER_GONE), 1U);
}

TEST_F(ProxiedRoute, FailsOpenToThePlainService) {
  const auto plain = listen("127.0.0.2");
  failOpenTo(plain.address);
  EXPECT_TRUE(connected(vip_));
  EXPECT_TRUE(listener4_.accept()) << "the broker lives";

  alive_.fd.reset();
  const Fd client = connected(vip_);
  EXPECT_TRUE(plain.accept());
  EXPECT_EQ(peerAddress(client), vip_);
  EXPECT_EQ(reason(REASON_FAILED_OPEN), 1U);
}

TEST_F(ProxiedRoute, FailsOpenToTheAddressCalledWhereThereIsNoPlainService) {
  const auto called = listen("127.0.0.2");
  setService(called.address);
  setRoute(ROUTE_VIA_PROXY, {}, 0, ROUTE_FAIL_OPEN | ROUTE_TELL_ORIGIN);
  alive_.fd.reset();
  EXPECT_TRUE(connected(called.address));
  EXPECT_TRUE(called.accept());
  EXPECT_EQ(reason(REASON_FAILED_OPEN), 1U);
}

TEST_F(ProxiedRoute, LeavesSocketsBoundToADeviceAlone) {
  const auto called = listen("127.0.0.2");
  setService(called.address);
  const Fd client = clientSocket();
  ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 2), 0);

  ASSERT_EQ(connectTo(client, called.address), 0);

  EXPECT_TRUE(called.accept());
  EXPECT_EQ(reason(REASON_BOUND_TO_DEVICE), 1U);
}

TEST_F(ProxiedRoute, LeavesSocketsThatCannotReachTheListenerAlone) {
  setWorkload(listener4_.address.port, 0, alive_.address.port);
  EXPECT_EQ(connectTo(clientSocket(AF_INET6), vip6_), ENETUNREACH) << "as without us";
  EXPECT_EQ(reason(REASON_UNREACHABLE_LISTENER), 1U);
}

TEST_F(ProxiedRoute, LeavesV6DestinationsOfSocketsBoundToV4Alone) {
  const Fd client = clientSocket(AF_INET6);
  sockaddr_storage storage{};
  const socklen_t size = at("127.0.0.1", 0).to(AF_INET6, storage);
  ASSERT_EQ(::bind(client.get(), reinterpret_cast<sockaddr*>(&storage), size), 0);
  EXPECT_NE(connectTo(client, vip6_), 0);
  EXPECT_EQ(reason(REASON_UNREACHABLE_LISTENER), 1U);
}

TEST_F(ProxiedRoute, ProcessOfAnotherNamespaceNeverReachesAListener) {
  if (namespaceCookie() == 0) GTEST_SKIP() << kNamespacesLookAlike;
  inAnotherNamespace([&](SocketMaker& sockets) {
    // What is in the way of a port number: somebody listens here on the ports of home.
    const auto alive = listenOn("127.0.0.1", alive_.address.port);
    const auto stranger = listenOn("0.0.0.0", listener4_.address.port);
    const auto client = sockets.make(AF_INET, SOCK_STREAM);
    ASSERT_TRUE(client.ok());
    EXPECT_EQ(connectTo(*client, vip_), ECONNREFUSED);
    EXPECT_EQ(stranger.drain(), 0U);
  });
  EXPECT_EQ(reason(REASON_FOREIGN_NAMESPACE), 1U);
}

TEST_F(ProxiedRoute, ProcessOfAnotherNamespaceFailsOpenWhereTheRouteDoes) {
  if (namespaceCookie() == 0) GTEST_SKIP() << kNamespacesLookAlike;
  inAnotherNamespace([&](SocketMaker& sockets) {
    const auto plain = listen("127.0.0.2");
    failOpenTo(plain.address);
    const auto client = sockets.make(AF_INET, SOCK_STREAM);
    ASSERT_TRUE(client.ok());
    EXPECT_EQ(connectTo(*client, vip_), 0);
    EXPECT_TRUE(plain.accept());
  });
  EXPECT_EQ(reason(REASON_FAILED_OPEN), 1U);
}

}  // namespace
}  // namespace sluice::test
