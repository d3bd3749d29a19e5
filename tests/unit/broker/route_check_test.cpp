// SPDX-License-Identifier: Apache-2.0
// Where connections would go by the tables, and which of them nothing leads to any more.
#include "userspace/broker/route_check.h"

#include "tests/unit/broker/support.h"

namespace sluice::broker {
namespace {

const SocketAddress kCalled{*IpAddress::parse("10.96.0.1"), 80};

SocketAddress pod(uint32_t number) {
  return {*IpAddress::parse("10.1.0." + std::to_string(number)), 8080};
}

/// Service 1 at kCalled, binding 7, route 1 of TestTables; cluster N has pod N, and is always
/// taken.
class RouteCheckTest : public testing::Test {
 protected:
  void SetUp() override {
    for (uint32_t id = 1; id <= 4; ++id) {
      tables_.endpoint(id, pod(id));
      tables_.cluster(id, 20 + id, always(id));
    }
    tables_.put<Table::kServices>(keyOf(kCalled), {1, 7});
    tables_.put<Table::kBindings>(7, {1, 0});
    lead(1, 10, always(1));
  }

  static alias_slot always(uint32_t id) { return {~uint64_t{0}, id, id}; }

  static service_key keyOf(const SocketAddress& address) {
    service_key key{};
    std::copy(address.ip.bytes.begin(), address.ip.bytes.end(), key.address);
    key.port = htons(address.port);
    key.protocol = IPPROTO_TCP;
    return key;
  }

  void lead(uint32_t id, uint32_t slot, alias_slot to, uint8_t via = ROUTE_VIA_ENDPOINT) {
    tables_.put<Table::kRoutes>(id, route{via, 0, 0, 1, 0, slot, 1, 0});
    tables_.put<Table::kRouteSlots>(slot, to);
  }

  /// Of workload 1, made to pod N as a member of cluster N.
  static SeenSocket connectionTo(uint32_t number) {
    SeenSocket socket;
    socket.family = AF_INET;
    const auto peer = pod(number);
    std::memcpy(&socket.id.idiag_dst[0], peer.ip.bytes.data() + 12, 4);
    socket.id.idiag_dport = htons(peer.port);
    auto& record = socket.remembered.emplace();
    std::copy(kCalled.ip.bytes.begin(), kCalled.ip.bytes.end(), record.address);
    record.port = htons(kCalled.port);
    record.workload = 1;
    record.edition = SLUICE_SCHEMA;
    record.cluster = record.endpoint = number;
    return socket;
  }

  /// By a new look.
  bool hasLeft(uint32_t number) {
    RouteCheck check(tables_.plane);
    const auto socket = connectionTo(number);
    auto* route = check.routeOf(socket);
    return route != nullptr && check.hasLeft(socket, *route);
  }

  TestTables tables_{kCalled};
};

TEST_F(RouteCheckTest, WhatTheRouteLeadsToStays) {
  EXPECT_FALSE(hasLeft(1));
  EXPECT_TRUE(hasLeft(2));
  lead(1, 10, {uint64_t{1} << 63, 2, 1});
  EXPECT_FALSE(hasLeft(1));
  EXPECT_FALSE(hasLeft(2));
}

TEST_F(RouteCheckTest, WeightZeroLeadsNowhere) {
  lead(1, 10, {0, 1, 2});
  EXPECT_TRUE(hasLeft(1));
  EXPECT_FALSE(hasLeft(2));
  lead(1, 10, {~uint64_t{0}, 1, 2});
  EXPECT_FALSE(hasLeft(1));
  EXPECT_TRUE(hasLeft(2));
}

TEST_F(RouteCheckTest, AnEndpointThatItsClusterHasLostStays) {
  tables_.cluster(1, 21, always(3));
  EXPECT_FALSE(hasLeft(1)) << "it may be terminating, or ejected";
}

TEST_F(RouteCheckTest, AnEndpointThatAnotherClusterOfTheRouteHasStays) {
  lead(1, 10, always(4));
  EXPECT_TRUE(hasLeft(1));
  tables_.cluster(4, 24, {0, 1, 4});
  EXPECT_FALSE(hasLeft(1)) << "a member, even if it gets nothing at present";
}

TEST_F(RouteCheckTest, RequestsThatTheProxyDecidesLeave) {
  lead(1, 10, always(1), ROUTE_VIA_PROXY);
  EXPECT_TRUE(hasLeft(1));
}

TEST_F(RouteCheckTest, WhatNoTableTellsOfStays) {
  lead(1, 10, always(2), ROUTE_PASSTHROUGH);
  EXPECT_FALSE(hasLeft(1)) << "no rule";
  lead(1, 10, always(2), ROUTE_VIA_NONE);
  EXPECT_FALSE(hasLeft(1)) << "not written";
  tables_.put<Table::kRoutes>(1, route{ROUTE_VIA_ENDPOINT, 0, 0, 1, 0, SLUICE_MAX_SLOTS, 1, 0});
  EXPECT_FALSE(hasLeft(1)) << "out of range";
  lead(1, 10, always(2));
  ASSERT_TRUE(hasLeft(1));
  tables_.put<Table::kBindings>(7, {0, 0});
  EXPECT_FALSE(hasLeft(1)) << "no route";
  tables_.put<Table::kBindings>(7, {1, 0});
  ASSERT_TRUE(maps::View<Table::kServices>(tables_.plane).erase(keyOf(kCalled)).ok());
  EXPECT_FALSE(hasLeft(1)) << "no service";
}

TEST_F(RouteCheckTest, GoesByTheClassThatTheWorkloadIsOfNow) {
  lead(2, 11, always(2));
  tables_.put<Table::kBindings>(7, {1, BINDING_HAS_EXCEPTIONS});
  tables_.put<Table::kBindings>(8, {2, 0});
  tables_.put<Table::kExceptions>({1, 5}, 8);
  EXPECT_FALSE(hasLeft(1));
  tables_.workload(1, 5);
  EXPECT_TRUE(hasLeft(1));
  EXPECT_FALSE(hasLeft(2));
  ASSERT_TRUE(maps::View<Table::kWorkloads>(tables_.plane).erase(1).ok());
  EXPECT_FALSE(hasLeft(1)) << "not steered any more";
}

TEST_F(RouteCheckTest, TellsTheSharesOfClusters) {
  tables_.put<Table::kRoutes>(1, route{ROUTE_VIA_ENDPOINT, 0, 0, 1, 0, 10, 2, 0});
  tables_.put<Table::kRouteSlots>(10, {uint64_t{1} << 63, 1, 2});
  tables_.put<Table::kRouteSlots>(11, always(2));
  RouteCheck check(tables_.plane);
  const auto* route = check.routeOf(connectionTo(1));
  ASSERT_NE(route, nullptr);
  const std::map<uint32_t, double> expected{{1, 0.25}, {2, 0.75}};
  EXPECT_EQ(route->shares, expected);
}

}  // namespace
}  // namespace sluice::broker
