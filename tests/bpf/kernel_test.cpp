// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/kernel_test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "maps/lib/address.h"
#include "tests/support/cgroup.h"
#include "userspace/model/cgroup2.h"

namespace sluice::test {

namespace fs = std::filesystem;

namespace {

void bringUpLoopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::snprintf(request.ifr_name, sizeof(request.ifr_name), "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ASSERT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &request), 0) << strerror(errno);
}

int familyOf(const Fd& socket) {
  int family = 0;
  socklen_t size = sizeof(family);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family;
}

template <typename Call>
SocketAddress addressBy(const Call& call, const Fd& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (call(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  auto address = SocketAddress::from(storage);
  return address ? *address : SocketAddress{};
}

}  // namespace

Fd Listener::accept(int wait_ms) const {
  pollfd backlog{fd.get(), POLLIN, 0};
  ::poll(&backlog, 1, wait_ms);
  return Fd(::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

uint64_t Listener::drain() const {
  uint64_t count = 0;
  while (accept(0)) ++count;
  return count;
}

SocketAddress at(const std::string& ip, uint16_t port) { return {*IpAddress::parse(ip), port}; }

SocketAddress localAddress(const Fd& socket) { return addressBy(::getsockname, socket); }
SocketAddress peerAddress(const Fd& socket) { return addressBy(::getpeername, socket); }

int connectTo(const Fd& socket, const SocketAddress& to) {
  sockaddr_storage storage{};
  const socklen_t size = to.to(familyOf(socket), storage);
  return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), size) == 0 ? 0 : errno;
}

int connectResult(const Fd& socket) {
  pollfd poll_fd{socket.get(), POLLOUT, 0};
  ::poll(&poll_fd, 1, -1);
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void closeInOrder(Fd client, Fd accepted) {
  ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);
  readToEnd(accepted);
  accepted.reset();
  readToEnd(client);
}

bool limitLocalPorts(int first, int last) {
  std::ofstream file("/proc/sys/net/ipv4/ip_local_port_range");
  file << first << ' ' << last << std::endl;
  return file.good();
}

void readToEnd(const Fd& socket) {
  std::array<char, 65536> buffer;
  while (::read(socket.get(), buffer.data(), buffer.size()) > 0) {
  }
}

void KernelTest::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads programs, makes namespaces";
  ASSERT_NO_FATAL_FAILURE(enterNamespaces());
  ASSERT_NO_FATAL_FAILURE(mountBpffs());
  ASSERT_NO_FATAL_FAILURE(makeCgroup());
  ASSERT_NO_FATAL_FAILURE(startKernel());
  setWorkload();
}

void KernelTest::TearDown() {
  kernel_.reset();
  sockets_.reset();
  if (!cgroup_.empty()) {
    EXPECT_TRUE(removeCgroup(cgroup_).ok());
  }
  if (bpffs_.empty()) return;
  EXPECT_EQ(::umount(bpffs_.c_str()), 0) << strerror(errno);
  EXPECT_TRUE(fs::remove(bpffs_));
}

void KernelTest::enterNamespaces() {
  ASSERT_EQ(::unshare(CLONE_NEWNS | CLONE_NEWNET), 0) << strerror(errno);
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0) << strerror(errno);
  bringUpLoopback();
}

void KernelTest::mountBpffs() {
  std::string name = "/tmp/sluice-bpf-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr) << strerror(errno);
  ASSERT_EQ(::mount("bpf", name.c_str(), "bpf", 0, nullptr), 0) << strerror(errno);
  bpffs_ = name;
  pins_ = bpffs_ / "sluice";
}

void KernelTest::makeCgroup() {
  const auto root = findCgroup2Mount();
  ASSERT_TRUE(root.ok()) << root.error().message();
  cgroup_ = fs::path(*root) / ("sluice-bpf-test-" + std::to_string(::getpid()));
  ASSERT_TRUE(fs::create_directory(cgroup_));
  cgroup_fd_ = Fd(::open(cgroup_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto sockets = SocketMaker::in(cgroup_);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message();
  sockets_ = *std::move(sockets);
}

void KernelTest::startKernel(bool use_set_retval, uint32_t schema) {
  kernel_.reset();
  auto kernel =
      loader::Kernel::load({.pin_root = pins_, .use_set_retval = use_set_retval, .schema = schema});
  ASSERT_TRUE(kernel.ok()) << kernel.error().message() << "\n" << kernel.error().hint();
  kernel_ = *std::move(kernel);
  const auto attached = kernel_->attach(kWorkload, cgroup_fd_.get());
  ASSERT_TRUE(attached.ok()) << attached.error().message();
}

Fd KernelTest::clientSocket(int family, int type) {
  auto socket = sockets_->make(family, type | SOCK_CLOEXEC);
  EXPECT_TRUE(socket.ok());
  return socket ? *std::move(socket) : Fd();
}

Fd KernelTest::connected(const SocketAddress& to) {
  Fd socket = clientSocket(to.ip.isV4() ? AF_INET : AF_INET6);
  const int error = connectTo(socket, to);
  EXPECT_EQ(error, 0) << strerror(error);
  return socket;
}

Listener KernelTest::listen(const std::string& ip, const char* device) {
  return listenOn(ip, 0, device);
}

Listener KernelTest::listenOn(const std::string& ip, uint16_t port, const char* device) {
  const auto address = at(ip, port);
  const int family = address.ip.isV4() ? AF_INET : AF_INET6;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (device != nullptr) {
    EXPECT_EQ(::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, device,
                           static_cast<socklen_t>(strlen(device))),
              0);
  }
  sockaddr_storage storage{};
  const socklen_t size = address.to(family, storage);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), size), 0) << strerror(errno);
  EXPECT_EQ(::listen(fd.get(), 4096), 0) << strerror(errno);
  const auto local = localAddress(fd);
  return {std::move(fd), local};
}

uint64_t KernelTest::namespaceCookie() {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  const int result = ::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size);
  return result == 0 ? cookie : 0;
}

void KernelTest::inAnotherNamespace(const std::function<void(SocketMaker&)>& work) {
  const Fd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << strerror(errno);
  ASSERT_NO_FATAL_FAILURE(bringUpLoopback());
  auto sockets = SocketMaker::in(cgroup_);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message();
  work(**sockets);
  ASSERT_EQ(::setns(home.get(), CLONE_NEWNET), 0) << strerror(errno);
}

void KernelTest::setEndpoint(uint32_t id, const SocketAddress& address) {
  endpoint value{};
  std::copy(address.ip.bytes.begin(), address.ip.bytes.end(), value.address);
  value.port = htons(address.port);
  ASSERT_TRUE(view<Table::kEndpoints>().put(id, value).ok());
}

void KernelTest::setCluster(uint32_t cluster, std::vector<uint32_t> endpoints,
                            balance_policy policy) {
  std::vector<alias_slot> slots;
  for (const uint32_t endpoint : endpoints) slots.push_back(always(endpoint));
  setCluster(cluster, slots, policy);
}

void KernelTest::setCluster(uint32_t cluster, const std::vector<alias_slot>& slots,
                            balance_policy policy) {
  const uint32_t first = cluster * 100;
  const auto count = static_cast<uint32_t>(slots.size());
  for (uint32_t i = 0; i < count; ++i) {
    ASSERT_TRUE(view<Table::kClusterSlots>().put(first + i, slots[i]).ok());
  }
  const cluster_ref value{first, count << 8 | CLUSTER_EXISTS | policy};
  ASSERT_TRUE(view<Table::kClusters>().put(cluster, value).ok());
}

void KernelTest::setRoute(route_via via, std::vector<alias_slot> slots, uint32_t fallback,
                          uint8_t flags) {
  const auto count = static_cast<uint32_t>(slots.size());
  for (uint32_t i = 0; i < count; ++i) {
    ASSERT_TRUE(view<Table::kRouteSlots>().put(i, slots[i]).ok());
  }
  route value{};
  value.via = static_cast<uint8_t>(via);
  value.flags = flags;
  value.service = kService;
  value.slot_count = count;
  value.fallback = fallback;
  ASSERT_TRUE(view<Table::kRoutes>().put(kRoute, value).ok());
  ASSERT_TRUE(view<Table::kBindings>().put(kBinding, {kRoute, 0}).ok());
}

void KernelTest::setService(const SocketAddress& vip) {
  service_key key{};
  std::copy(vip.ip.bytes.begin(), vip.ip.bytes.end(), key.address);
  key.port = htons(vip.port);
  key.protocol = IPPROTO_TCP;
  ASSERT_TRUE(view<Table::kServices>().put(key, {kService, kBinding}).ok());
}

void KernelTest::steerTo(const SocketAddress& vip, const std::vector<SocketAddress>& endpoints,
                         balance_policy policy) {
  std::vector<uint32_t> ids;
  for (const auto& address : endpoints) {
    ids.push_back(static_cast<uint32_t>(ids.size()) + 1);
    setEndpoint(ids.back(), address);
  }
  setCluster(1, ids, policy);
  setRoute(ROUTE_VIA_ENDPOINT, {always(1)});
  setService(vip);
}

void KernelTest::setWorkload(uint16_t listener4, uint16_t listener6, uint16_t alive) {
  workload value{};
  value.netns_cookie = namespaceCookie();
  value.client_class = kClass;
  value.listener4 = htons(listener4);
  value.listener6 = htons(listener6);
  value.alive = htons(alive);
  const auto own4 = at("10.1.2.3", 0).ip;
  const auto own6 = at("fd00:1::3", 0).ip;
  std::copy(own4.bytes.begin(), own4.bytes.end(), value.address4);
  std::copy(own6.bytes.begin(), own6.bytes.end(), value.address6);
  ASSERT_TRUE(view<Table::kWorkloads>().put(kWorkload.value, value).ok());
}

uint64_t KernelTest::reason(sluice_reason reason) {
  const auto count = view<Table::kReasons>().get(reason);
  EXPECT_TRUE(count.ok());
  return count ? *count : 0;
}

connection_stats KernelTest::endpointStats(uint32_t endpoint) {
  return *view<Table::kEndpointStats>().get(endpoint);
}

connection_stats KernelTest::serviceStats() { return *view<Table::kServiceStats>().get(kBinding); }

uint64_t KernelTest::active(uint32_t endpoint) {
  return static_cast<uint64_t>(view<Table::kEndpointLoad>().get(endpoint)->connections);
}

void OneServerTest::SetUp() {
  KernelTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  server_ = listen("127.0.0.2");
  steerTo(vip_, {server_.address});
}

}  // namespace sluice::test
