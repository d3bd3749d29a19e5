// SPDX-License-Identifier: Apache-2.0
// What a workload sees of its sockets: the same as without Sluice, on the connect path and on the
// proxy path, for every kind of socket.
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Services whose cluster IP and endpoints are of different families.
constexpr const char* kMixedFamilies = R"(apiVersion: v1
kind: Service
metadata: {{name: only-v6, namespace: default}}
spec:
  clusterIP: 10.96.0.30
  ports: [{{name: http, port: 80, protocol: TCP}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: only-v6, namespace: default, labels: {{kubernetes.io/service-name: only-v6}}}}
addressType: IPv6
ports: [{{name: http, port: 8080, protocol: TCP}}]
endpoints: [{{addresses: ["{0}"]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: only-v4, namespace: default}}
spec:
  clusterIP: "fd77:0:0:96::30"
  ports: [{{name: http, port: 80, protocol: TCP}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: only-v4, namespace: default, labels: {{kubernetes.io/service-name: only-v4}}}}
addressType: IPv4
ports: [{{name: http, port: 8080, protocol: TCP}}]
endpoints: [{{addresses: ["{1}"]}}]
)";

SocketAddress at(const std::string& ip, uint16_t port) { return {*IpAddress::parse(ip), port}; }

struct SocketKind {
  int family = AF_INET;
  bool v6_only = false;
  IpAddress bind_to = {};  ///< zero: not bound
  std::string device = {};
};

Result<Fd> makeSocket(const SocketKind& kind) {
  Fd socket(::socket(kind.family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("socket");
  const int v6_only = kind.v6_only ? 1 : 0;
  if (kind.family == AF_INET6 &&
      ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0)
    return Error::system("IPV6_V6ONLY");
  if (!kind.device.empty() &&
      ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, kind.device.data(),
                   static_cast<socklen_t>(kind.device.size())) != 0)
    return Error::system("SO_BINDTODEVICE");
  if (kind.bind_to != IpAddress{}) {
    sockaddr_storage address{};
    const socklen_t length = SocketAddress{kind.bind_to, 0}.to(kind.family, address);
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) != 0)
      return Error::system("bind");
  }
  return socket;
}

Result<Fd> connectSocket(const SocketKind& kind, const SocketAddress& to) {
  auto socket = makeSocket(kind);
  if (!socket) return socket;
  sockaddr_storage address{};
  const socklen_t length = to.to(kind.family, address);
  if (::connect(socket->get(), reinterpret_cast<sockaddr*>(&address), length) != 0)
    return Error::system("connect to " + to.text());
  return socket;
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

/// Fails unless `call` (getpeername, getsockname) answers `family` and `expected`.
Result<SocketAddress> nameOf(NameCall call, const Fd& socket, int family) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (call(socket.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return Error::system("getpeername or getsockname");
  if (storage.ss_family != family) return mismatch("the name is of another family");
  return SocketAddress::from(storage);
}

Result<void> expectNames(const Fd& socket, const SocketKind& kind, const SocketAddress& peer,
                         const IpAddress& own) {
  auto named_peer = nameOf(::getpeername, socket, kind.family);
  auto named_own = nameOf(::getsockname, socket, kind.family);
  if (!named_peer) return std::move(named_peer).error();
  if (!named_own) return std::move(named_own).error();
  if (*named_peer != peer) return mismatch("getpeername: " + named_peer->text());
  if (named_own->ip != own) return mismatch("getsockname: " + named_own->text());
  if (named_own->port == 0) return mismatch("getsockname: port 0");
  return {};
}

/// One request on the socket; it is served by some replica of `version`.
Result<void> expectServed(Fd socket, const std::string& version, const std::string& group = "") {
  HttpStream stream(std::move(socket));
  std::string request = "GET / HTTP/1.1\r\nHost: product-api\r\n";
  if (!group.empty()) request += "user-group: " + group + "\r\n";
  SLUICE_TRY(stream.write(request + "\r\n"));
  auto head = stream.readHead();
  if (!head) return std::move(head).error();
  if (!*head) return mismatch("closed without an answer");
  const std::string server((*head)->header("x-served-by"));
  if (versionOf(server) != version) return mismatch("served by " + server);
  return {};
}

/// How much bulk transfers move: a gibibyte, or what SLUICE_TEST_BULK_MIB says, which the emulated
/// machines of vm-tests/ set. Never so little that nothing fills a buffer.
size_t bulkBytes() {
  constexpr size_t kUsual = 1024, kLeast = 32;
  const char* given = std::getenv("SLUICE_TEST_BULK_MIB");
  const size_t mebibytes = given == nullptr ? kUsual : std::strtoull(given, nullptr, 10);
  return std::max(mebibytes, kLeast) << 20;
}

/// Sends `total` bytes of a pattern while it reads them back; each byte is compared.
Result<void> echoThrough(const Fd& socket, size_t total) {
  constexpr size_t kBlock = 1 << 20;
  Result<void> sent;
  std::thread sender([&] {
    for (size_t offset = 0; offset < total && sent.ok(); offset += kBlock) {
      const std::string block = patternBytes(offset, kBlock);
      for (size_t done = 0; done < kBlock;) {
        const auto n = ::send(socket.get(), block.data() + done, kBlock - done, MSG_NOSIGNAL);
        if (n <= 0) {
          sent = Error::system("send");
          break;
        }
        done += static_cast<size_t>(n);
      }
    }
    ::shutdown(socket.get(), SHUT_WR);
  });
  Result<void> received;
  std::string block(kBlock, '\0');
  for (size_t offset = 0; offset < total && received.ok(); offset += kBlock) {
    if (::recv(socket.get(), block.data(), kBlock, MSG_WAITALL) != static_cast<ssize_t>(kBlock))
      received = Error::system(fmt::format("recv at {}", offset));
    else if (block != patternBytes(offset, kBlock))
      received = mismatch(fmt::format("bytes differ after {}", offset));
  }
  if (!received.ok()) ::shutdown(socket.get(), SHUT_RDWR);
  sender.join();
  if (!received.ok()) return received;
  if (!sent.ok()) return sent;
  // The half-close arrived, and so does the other side's.
  return ::recv(socket.get(), block.data(), 1, 0) == 0 ? Result<void>()
                                                       : mismatch("no end of the stream");
}

class Sockets : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(apply("product-api-header.yaml").ok());
    own4_ = shop().lab().host("web").address4;
    own6_ = shop().lab().host("web").address6;
    ratings6_ = {Topology::ratings6(), 80};
    echo6_ = {Topology::productApi6(), 9000};
  }

  IpAddress own4_, own6_;
  SocketAddress ratings6_, echo6_;
};

TEST_F(Sockets, NamesAreTheClusterIpAndTheWorkloadsOwnAddress) {
  expectAsWeb([this]() -> Result<void> {
    const SocketKind v4, v6{.family = AF_INET6}, only{.family = AF_INET6, .v6_only = true};
    const struct {
      SocketKind kind;
      SocketAddress to;
      IpAddress own;
    } cases[] = {
        {v4, ratings(), own4_},   {v4, productApi(), own4_},      // connect path, proxy path
        {v6, ratings6_, own6_},   {v6, productApiV6(), own6_},    //
        {only, ratings6_, own6_}, {only, productApiV6(), own6_},  //
        {v6, ratings(), own4_},   {v6, productApi(), own4_},      // v4-mapped
    };
    for (const auto& c : cases) {
      auto socket = connectSocket(c.kind, c.to);
      if (!socket) return std::move(socket).error();
      if (auto named = expectNames(*socket, c.kind, c.to, c.own); !named.ok())
        return std::move(named).error().in(c.to.text());
    }
    return {};
  });
}

TEST_F(Sockets, EveryKindOfSocketIsRoutedByTheRequest) {
  expectAsWeb([this]() -> Result<void> {
    const struct {
      SocketKind kind;
      SocketAddress to;
    } cases[] = {
        {{.family = AF_INET}, productApi()},
        {{.family = AF_INET6}, productApiV6()},
        {{.family = AF_INET6, .v6_only = true}, productApiV6()},
        {{.family = AF_INET6}, productApi()},
        {{.family = AF_INET, .bind_to = own4_}, productApi()},
        {{.family = AF_INET6, .bind_to = own6_}, productApiV6()},
        {{.family = AF_INET6, .bind_to = own4_}, productApi()},
    };
    for (const auto& c : cases)
      for (const char* group : {"beta", "none"}) {
        auto socket = connectSocket(c.kind, c.to);
        if (!socket) return std::move(socket).error();
        const char* version = std::strcmp(group, "beta") == 0 ? "v2" : "v1";
        SLUICE_TRY(expectServed(*std::move(socket), version, group));
      }
    return {};
  });
}

TEST_F(Sockets, OneBoundToADeviceTakesTheConnectPathOrIsLeftAlone) {
  expectAsWeb([]() -> Result<void> {
    const SocketKind bound{.family = AF_INET, .device = "eth0"};
    auto direct = connectSocket(bound, ratings());
    if (!direct) return std::move(direct).error();
    SLUICE_TRY(expectServed(*std::move(direct), "v1"));
    // Left alone: on to the cluster IP itself, which nobody has on that link.
    auto socket = makeSocket(bound);
    if (!socket) return std::move(socket).error();
    ::fcntl(socket->get(), F_SETFL, O_NONBLOCK);
    sockaddr_storage address{};
    const socklen_t length = productApi().to(AF_INET, address);
    if (::connect(socket->get(), reinterpret_cast<sockaddr*>(&address), length) == 0)
      return mismatch("connected to a cluster IP that nobody has");
    return {};
  });
  EXPECT_EQ(*counted("bound_to_device"), 1u);
}

TEST_F(Sockets, NonBlockingConnectBehavesAsUsual) {
  expectAsWeb([]() -> Result<void> {
    for (const auto& to : {ratings(), productApi()}) {
      auto socket = makeSocket({});
      ::fcntl(socket->get(), F_SETFL, O_NONBLOCK);
      sockaddr_storage address{};
      const socklen_t length = to.to(AF_INET, address);
      if (::connect(socket->get(), reinterpret_cast<sockaddr*>(&address), length) != 0 &&
          errno != EINPROGRESS)
        return Error::system("connect");
      pollfd writable{socket->get(), POLLOUT, 0};
      if (::poll(&writable, 1, 5000) != 1) return mismatch("never writable");
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(socket->get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return Error::system("SO_ERROR", error);
      // Linux: the first connect() after that reports the success, the next one that it is old.
      const auto again = [&] {
        return ::connect(socket->get(), reinterpret_cast<sockaddr*>(&address), length);
      };
      if (again() != 0) return Error::system("connect after success");
      if (again() == 0 || errno != EISCONN) return mismatch("connect() did not say EISCONN");
    }
    return {};
  });
}

TEST_F(Sockets, AGibibyteGoesBothWaysByteForByte) {
  expectAsWeb([this]() -> Result<void> {
    auto socket = connectTcp(productApiEcho());
    if (!socket) return std::move(socket).error();
    SLUICE_TRY(echoThrough(*socket, bulkBytes()));
    auto six = connectTcp(echo6_);
    if (!six) return std::move(six).error();
    return echoThrough(*six, bulkBytes() / 8);
  });
}

TEST_F(Sockets, AGibibyteGoesBothWaysThroughTheProxy) {
  expectAsWeb([]() -> Result<void> {
    auto open = connections(productApi(), 1);
    if (!open) return std::move(open).error();
    constexpr size_t kBody = size_t{16} << 20;
    for (size_t i = 0; i < bulkBytes() / kBody; ++i) {
      HttpRequest request;
      request.method = "POST";
      request.target = "/echo";
      request.body = patternBytes(i * kBody, kBody);
      request.chunked = i % 8 == 0;
      auto response = open->front().exchange(request);
      if (!response) return std::move(response).error().in(fmt::format("body {}", i));
      if (response->status != 200 || response->body != request.body)
        return mismatch(fmt::format("body {}: status {}, bytes differ", i, response->status));
    }
    return {};
  });
}

TEST_F(Sockets, AHalfClosedClientGetsItsAnswer) {
  expectAsWeb([]() -> Result<void> {
    for (const auto& to : {ratings(), productApi()}) {
      auto socket = connectTcp(to);
      if (!socket) return std::move(socket).error();
      HttpStream stream(*std::move(socket));
      SLUICE_TRY(stream.write("GET /slow?ms=200 HTTP/1.1\r\nHost: product-api\r\n\r\n"));
      ::shutdown(stream.fd(), SHUT_WR);
      auto head = stream.readHead();
      if (!head) return std::move(head).error();
      if (!*head || (*head)->start[1] != "200") return mismatch("no answer after a half-close");
    }
    return {};
  });
}

TEST_F(Sockets, AClientReachesEndpointsOfTheOtherFamily) {
  const auto& server = shop().lab().host("ratings-v1");
  ASSERT_TRUE(applyText("mixed.yaml",
                        fmt::format(kMixedFamilies, server.address6.text(), server.address4.text()))
                  .ok());
  expectAsWeb([]() -> Result<void> {
    for (const auto& to : {at("10.96.0.30", 80), at("fd77:0:0:96::30", 80)}) {
      const SocketKind kind{.family = to.ip.isV4() ? AF_INET : AF_INET6, .v6_only = true};
      auto socket = connectSocket(kind, to);
      if (!socket) return std::move(socket).error();
      SLUICE_TRY(expectServed(*std::move(socket), "v1"));
    }
    return {};
  });
}

TEST_F(Sockets, TwoHundredLocalPortsHoldMoreConnectionsThanThatToTwoServices) {
  ASSERT_TRUE(apply("ratings-delay.yaml").ok());
  expectAsWeb([]() -> Result<void> {
    Fd range(::open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC));
    constexpr std::string_view kRange = "40000 40199";
    if (::write(range.get(), kRange.data(), kRange.size()) < 0)
      return Error::system("set the range of local ports");
    auto one = connections(productApi(), 150);
    if (!one) return std::move(one).error();
    auto other = connections(ratings(), 150);
    if (!other) return std::move(other).error();
    for (auto* open : {&*one, &*other})
      for (auto& connection : *open)
        if (auto answer = connection.exchange({}); !answer || answer->status != 200)
          return mismatch("a connection of the 300 does not answer");
    return {};
  });
}

}  // namespace
}  // namespace sluice::test
