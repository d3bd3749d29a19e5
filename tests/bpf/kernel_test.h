// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests that load the programs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loader/kernel.h"
#include "maps/tables.hpp"
#include "tests/bpf/socket_maker.h"
#include "userspace/model/address.h"

namespace sluice::test {

/// A socket that listens, on a port that the kernel has chosen.
struct Listener {
  Fd fd;
  SocketAddress address;

  /// The next connection, which must be on its way: where processors are slow, connect() returns
  /// before the last packet of the handshake has reached the backlog.
  Fd accept(int wait_ms = 5000) const;
  /// How many connections were in the backlog; they are closed.
  uint64_t drain() const;
};

SocketAddress at(const std::string& ip, uint16_t port);
SocketAddress localAddress(const Fd& socket);
SocketAddress peerAddress(const Fd& socket);
/// Of a non-blocking connect that is over: waits for it and takes SO_ERROR.
int connectResult(const Fd& socket);
/// 0 or the errno of connect().
int connectTo(const Fd& socket, const SocketAddress& to);
/// Of this network namespace, which is the test's own. Below 32768: a listener may have any port
/// above.
bool limitLocalPorts(int first, int last);
/// Until the other end has closed.
void readToEnd(const Fd& socket);
/// Closes the client's end first, and returns when both ends are through with it.
void closeInOrder(Fd client, Fd accepted);

/// A network namespace with `lo` alone, a bpffs, and an enrolled cgroup, all of them the test's
/// own and gone with it.
class KernelTest : public ::testing::Test {
 protected:
  static constexpr WorkloadId kWorkload{0xfeedfacecafebeef};
  static constexpr uint32_t kClass = 7;
  static constexpr uint32_t kService = 77;
  static constexpr uint32_t kBinding = 5;
  static constexpr uint32_t kRoute = 9;

  void SetUp() override;
  void TearDown() override;

  /// Loads and attaches; again after an earlier Kernel has gone.
  void startKernel(bool use_set_retval = true, uint32_t schema = SLUICE_SCHEMA);

  /// In the workload's cgroup.
  Fd clientSocket(int family = AF_INET, int type = SOCK_STREAM);
  Fd connected(const SocketAddress& to);
  Listener listen(const std::string& ip, const char* device = nullptr);
  /// Port 0: the kernel chooses.
  Listener listenOn(const std::string& ip, uint16_t port, const char* device = nullptr);

  /// Of the namespace that this thread is in; 0: the kernel does not tell (before 5.14).
  static uint64_t namespaceCookie();

  /// With this thread in a new network namespace; `sockets` are of the workload's cgroup there.
  void inAnotherNamespace(const std::function<void(SocketMaker& sockets)>& work);

  void setEndpoint(uint32_t endpoint, const SocketAddress& address);
  /// Equal shares.
  void setCluster(uint32_t cluster, std::vector<uint32_t> endpoints,
                  balance_policy policy = BALANCE_RANDOM);
  /// At most 100 of them.
  void setCluster(uint32_t cluster, const std::vector<alias_slot>& slots, balance_policy policy);
  void setRoute(route_via via, std::vector<alias_slot> slots, uint32_t fallback = 0,
                uint8_t flags = 0);
  void setService(const SocketAddress& vip);
  /// All of the above for one cluster (1) with these endpoints (1, 2, …).
  void steerTo(const SocketAddress& vip, const std::vector<SocketAddress>& endpoints,
               balance_policy policy = BALANCE_RANDOM);
  /// The workload's record with listeners as the broker has them.
  void setWorkload(uint16_t listener4 = 0, uint16_t listener6 = 0, uint16_t alive = 0);

  uint64_t reason(sluice_reason reason);
  connection_stats endpointStats(uint32_t endpoint);
  connection_stats serviceStats();
  uint64_t active(uint32_t endpoint);

  template <Table table>
  maps::View<table> view() {
    return maps::View<table>(kernel_->dataPlane());
  }

  const SocketAddress vip_ = at("10.96.0.1", 80);
  const SocketAddress vip6_ = at("fd00:96::1", 80);
  std::filesystem::path bpffs_;
  std::filesystem::path pins_;
  std::filesystem::path cgroup_;
  Fd cgroup_fd_;
  std::unique_ptr<SocketMaker> sockets_;
  std::unique_ptr<loader::Kernel> kernel_;

 private:
  void enterNamespaces();
  void mountBpffs();
  void makeCgroup();
};

/// The service of `vip_` is one server: endpoint 1 of cluster 1.
class OneServerTest : public KernelTest {
 protected:
  void SetUp() override;

  Listener server_;
};

inline alias_slot always(uint32_t id) { return {~uint64_t{0}, id, id}; }

}  // namespace sluice::test
