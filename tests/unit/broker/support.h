// SPDX-License-Identifier: Apache-2.0
// Real namespaces, cgroups and sockets for the broker's tests, and fakes for the kernel's side.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/memory_data_plane.h"
#include "userspace/base/reactor.h"
#include "userspace/broker/attachments.h"
#include "userspace/broker/cgroups.h"
#include "userspace/broker/network_namespace.h"
#include "userspace/model/address.h"

namespace sluice::broker {

using namespace std::chrono_literals;

/// Skips the calling test where namespaces cannot be made.
#define SLUICE_NEEDS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces and cgroups"

/// A network namespace without a name, gone with this object.
class TestNamespace {
 public:
  enum class Loopback { kUp, kDown };

  explicit TestNamespace(Loopback loopback = Loopback::kUp) {
    std::thread([&] {
      EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
      fd_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
      if (loopback == Loopback::kUp) setFlags("lo", IFF_UP);
    }).join();
  }
  ~TestNamespace() { ::close(fd_); }
  TestNamespace(const TestNamespace&) = delete;
  TestNamespace& operator=(const TestNamespace&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  NetworkNamespace open() const { return *NetworkNamespace::open(path()); }

  /// Runs `action` inside, on the calling thread.
  template <typename Action>
  auto inside(Action&& action) const {
    return NamespaceVisitor::create()->visit(open(), std::forward<Action>(action));
  }

  void bringUpLoopback() const {
    const auto up = inside([] { return setFlags("lo", IFF_UP), Result<void>(); });
    EXPECT_TRUE(up.ok());
  }

  /// Adds a point-to-point device with an IPv4 address, and brings it up. It exists as long as the
  /// result, which reads what the namespace sends there, and writes what it receives.
  Fd addDevice(const std::string& name, const std::string& address) const {
    auto device = inside([&] { return Result<Fd>(makeTun(name, address)); });
    return std::move(*device);
  }

 private:
  static ifreq request(const std::string& name) {
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    return request;
  }

  static void setFlags(const std::string& name, short flags) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq change = request(name);
    change.ifr_flags = flags;
    EXPECT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &change), 0);
  }

  static void assign(const std::string& device, unsigned long what, const std::string& address) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq assignment = request(device);
    sockaddr_storage storage;
    const socklen_t size = SocketAddress{*IpAddress::parse(address), 0}.to(AF_INET, storage);
    std::memcpy(&assignment.ifr_addr, &storage, size);
    EXPECT_EQ(::ioctl(socket.get(), what, &assignment), 0);
  }

  static Fd makeTun(const std::string& name, const std::string& address) {
    Fd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq device = request(name);
    device.ifr_flags = IFF_TUN | IFF_NO_PI;
    EXPECT_EQ(::ioctl(tun.get(), TUNSETIFF, &device), 0);
    assign(name, SIOCSIFADDR, address);
    assign(name, SIOCSIFNETMASK, "255.255.255.0");
    setFlags(name, IFF_UP);
    return tun;
  }

  int fd_ = -1;
};

/// A cgroup below the cgroup2 mount, gone with this object.
class TestCgroup {
 public:
  TestCgroup() : TestCgroup(*Cgroups::find()) {}
  ~TestCgroup() { std::filesystem::remove(directory_); }
  TestCgroup(const TestCgroup&) = delete;
  TestCgroup& operator=(const TestCgroup&) = delete;

  const std::string& path() const { return path_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  explicit TestCgroup(const Cgroups& cgroups) {
    static int count = 0;
    path_ = "/sluice-broker-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    directory_ = cgroups.mountPoint() + path_;
    std::filesystem::create_directory(directory_);
  }

  std::string path_;
  std::filesystem::path directory_;
};

/// Remembers what is attached where.
class FakeAttachments final : public Attachments {
 public:
  Result<void> attach(WorkloadId workload, int cgroup) override {
    if (failure) return *failure;
    cgroups[workload] = *FileIdentity::of(cgroup);
    return {};
  }
  Result<void> detach(WorkloadId workload) override {
    if (failure) return *failure;
    cgroups.erase(workload);
    return {};
  }
  bool isAttached(WorkloadId workload, int cgroup) const override {
    const auto found = cgroups.find(workload);
    return found != cgroups.end() && found->second == *FileIdentity::of(cgroup);
  }
  std::vector<WorkloadId> attached() const override {
    std::vector<WorkloadId> list;
    for (const auto& [workload, cgroup] : cgroups) list.push_back(workload);
    return list;
  }

  Neighbours neighbours(int) const override { return others; }

  std::map<WorkloadId, FileIdentity> cgroups;
  Neighbours others;
  std::optional<Error> failure;
};

/// A blocking socket of the calling thread's namespace that is connected to `address`, or the
/// reason why not. Waits at most a second for the answer.
inline Result<Fd> connectTo(const std::string& ip, uint16_t port) {
  const SocketAddress address{*IpAddress::parse(ip), port};
  const int family = address.ip.isV4() ? AF_INET : AF_INET6;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_storage storage;
  const socklen_t length = address.to(family, storage);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0) return fd;
  return Error::system("connect to " + address.text());
}

/// A listener of the calling thread's namespace, and its port; 0: the kernel chooses.
inline std::pair<Fd, uint16_t> listenAt(const std::string& ip, uint16_t port = 0) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_storage storage;
  socklen_t length = SocketAddress{*IpAddress::parse(ip), port}.to(AF_INET, storage);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length), 0);
  EXPECT_EQ(::listen(fd.get(), 16), 0);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length);
  return {std::move(fd), SocketAddress::from(storage)->port};
}

/// Runs the reactor until `done`, or fails the test after ten seconds.
inline void runUntil(Reactor& reactor, const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) FAIL() << "nothing came for ten seconds";
    reactor.runOnce(100ms);
  }
}

/// Tables in which workload 1 (class 1) may reach, by route 1: cluster 1 (own) and 2 (alias) with
/// the endpoints 1 and 2, and by the fallback cluster 3 with endpoint 3. Endpoint 4 belongs to
/// cluster 4, which no route names.
class TestTables {
 public:
  explicit TestTables(SocketAddress endpoint) {
    workload(1, 1);
    put<Table::kRoutes>(1, route{ROUTE_VIA_PROXY, 0, 0, 1, 1, 10, 1, 3});
    put<Table::kRouteSlots>(10, alias_slot{1, 1, 2});
    for (uint32_t id = 1; id <= 4; ++id) cluster(id, 20 + id, alias_slot{1, id, id});
    put<Table::kClusterSlots>(21, alias_slot{1, 1, 2});
    for (uint32_t id = 1; id <= 4; ++id) this->endpoint(id, endpoint);
  }

  void workload(uint64_t id, uint32_t client_class) {
    struct workload record{};
    record.client_class = client_class;
    put<Table::kWorkloads>(id, record);
  }
  void cluster(uint32_t id, uint32_t slot, alias_slot content) {
    put<Table::kClusterSlots>(slot, content);
    put<Table::kClusters>(id, cluster_ref{slot, 1u << 8 | CLUSTER_EXISTS});
  }
  void endpoint(uint32_t id, SocketAddress address) {
    struct endpoint record{};
    std::copy(address.ip.bytes.begin(), address.ip.bytes.end(), record.address);
    record.port = htons(address.port);
    put<Table::kEndpoints>(id, record);
  }
  template <Table table>
  void put(const typename maps::View<table>::Key& key,
           const typename maps::View<table>::Value& value) {
    EXPECT_TRUE(maps::View<table>(plane).put(key, value).ok());
  }

  test::MemoryDataPlane plane;
};

}  // namespace sluice::broker
