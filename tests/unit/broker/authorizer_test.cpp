// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/authorizer.h"

#include "tests/unit/broker/support.h"

namespace sluice::broker {
namespace {

class AuthorizerTest : public testing::Test {
 protected:
  static UpstreamTarget target(uint32_t cluster, uint32_t endpoint) {
    return {{1}, {1}, {cluster}, {endpoint}};
  }
  Result<SocketAddress> authorize(const UpstreamTarget& target) {
    return authorizer_.authorize(target);
  }
  void expectRefused(const UpstreamTarget& target) {
    const auto result = authorize(target);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), Error::Code::kPermission) << result.error().message();
  }

  const SocketAddress address_{*IpAddress::parse("10.0.0.1"), 80};
  TestTables tables_{address_};
  Authorizer authorizer_{tables_.plane};
};

TEST_F(AuthorizerTest, OwnAliasAndFallbackAreAllowed) {
  for (const auto& allowed : {target(1, 1), target(1, 2), target(2, 2), target(3, 3)}) {
    const auto result = authorize(allowed);
    ASSERT_TRUE(result.ok()) << result.error().message();
    EXPECT_EQ(*result, address_);
  }
}

TEST_F(AuthorizerTest, ClusterThatTheRouteDoesNotNameIsRefused) { expectRefused(target(4, 4)); }

TEST_F(AuthorizerTest, EndpointThatTheClusterDoesNotNameIsRefused) {
  expectRefused(target(1, 3));
  expectRefused(target(2, 1));
}

TEST_F(AuthorizerTest, WorkloadWithoutRecordAndUnwrittenRouteAreRefused) {
  expectRefused({{2}, {1}, {1}, {1}});
  expectRefused({{1}, {9}, {1}, {1}});
}

TEST_F(AuthorizerTest, RouteServesItsClassAndClassZeroServesAll) {
  tables_.workload(1, 2);
  expectRefused(target(1, 1));
  tables_.put<Table::kRoutes>(1, route{ROUTE_VIA_PROXY, 0, 0, 1, 0, 10, 1, 3});
  EXPECT_TRUE(authorize(target(1, 1)).ok());
}

TEST_F(AuthorizerTest, WhoseRecordHasGoneIsStillOfTheClassThatItWas) {
  ASSERT_TRUE(authorize(target(1, 1)).ok());
  ASSERT_TRUE(maps::View<Table::kWorkloads>(tables_.plane).erase(1).ok());
  EXPECT_TRUE(authorize(target(1, 1)).ok()) << "a connection of before goes on";
  tables_.put<Table::kRoutes>(1, route{ROUTE_VIA_PROXY, 0, 0, 1, 2, 10, 1, 3});
  expectRefused(target(1, 1));
}

TEST_F(AuthorizerTest, ZeroIsNeverAMember) {
  tables_.put<Table::kRoutes>(1, route{ROUTE_VIA_PROXY, 0, 0, 1, 1, 10, 1, 0});
  tables_.cluster(0, 50, alias_slot{1, 0, 0});
  tables_.endpoint(0, address_);
  expectRefused(target(0, 0));
}

TEST_F(AuthorizerTest, ClusterThatDoesNotExistIsRefused) {
  tables_.put<Table::kClusters>(1, cluster_ref{21, 1u << 8});
  expectRefused(target(1, 1));
}

TEST_F(AuthorizerTest, WhoHasLeftIsAllowedWhileTheRulesAreNotFollowed) {
  ASSERT_TRUE(authorizer_.keepMembers().ok());
  tables_.cluster(1, 60, alias_slot{~uint64_t{0}, 3, 3});
  EXPECT_TRUE(authorize(target(1, 1)).ok());
  EXPECT_TRUE(authorize(target(1, 2)).ok()) << "it was an alias";
  EXPECT_TRUE(authorize(target(1, 3)).ok()) << "it has come";
  expectRefused(target(2, 1));
  authorizer_.forgetMembers();
  expectRefused(target(1, 1));
}

class OriginTest : public AuthorizerTest {
 protected:
  OriginTest() { tellOrigin(ROUTE_TELL_ORIGIN); }

  void tellOrigin(uint8_t flags) {
    tables_.put<Table::kRoutes>(1, route{ROUTE_VIA_PROXY, flags, 0, kService, 1, 10, 1, 3});
  }
  void setService(const std::string& ip, uint32_t id) {
    service_key key{};
    const auto address = *IpAddress::parse(ip);
    std::ranges::copy(address.bytes, key.address);
    key.port = htons(80);
    key.protocol = IPPROTO_TCP;
    tables_.put<Table::kServices>(key, service{id, 1});
  }
  static UpstreamTarget origin(const std::string& ip, uint16_t port = 80) {
    UpstreamTarget target{{1}, {1}, {}, {}};
    target.origin = SocketAddress{*IpAddress::parse(ip), port};
    return target;
  }

  static constexpr uint32_t kService = 6;
};

TEST_F(OriginTest, AddressOfTheServiceIsAllowed) {
  setService("10.96.0.1", kService);
  const auto result = authorize(origin("10.96.0.1"));
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->text(), "10.96.0.1:80");
  expectRefused(origin("10.96.0.1", 81));
  expectRefused(origin("10.96.0.2"));
}

TEST_F(OriginTest, AnyAddressIsAllowedButThoseOfOtherServicesAndLoopback) {
  setService("0.0.0.0", kService);
  setService("10.96.0.9", kService + 1);
  EXPECT_TRUE(authorize(origin("198.51.100.7")).ok());
  expectRefused(origin("10.96.0.9"));
  expectRefused(origin("127.0.0.1"));
  expectRefused(origin("0.0.0.0"));
  expectRefused(origin("2001:db8::1"));
}

TEST_F(OriginTest, RouteHasToSaySo) {
  setService("10.96.0.1", kService);
  tellOrigin(0);
  expectRefused(origin("10.96.0.1"));
}

TEST_F(AuthorizerTest, EndpointThatIsNotWrittenIsRefused) {
  tables_.endpoint(1, {});
  expectRefused(target(1, 1));
}

TEST_F(AuthorizerTest, SlotsOutOfRangeAreRefusedWithoutASearch) {
  tables_.put<Table::kClusters>(1, cluster_ref{0xffffffff, 0xffffffu << 8 | CLUSTER_EXISTS});
  expectRefused(target(1, 1));
}

/// Which the table says, not the version.
TEST_F(AuthorizerTest, RangeEndsWithATableThatIsSmaller) {
  constexpr uint32_t kSlots = 1000;
  tables_.plane.limit(Table::kClusterSlots, kSlots);
  tables_.put<Table::kClusterSlots>(kSlots - 1, alias_slot{1, 1, 1});
  tables_.put<Table::kClusters>(1, cluster_ref{kSlots - 1, 1u << 8 | CLUSTER_EXISTS});
  EXPECT_TRUE(authorize(target(1, 1)).ok());
  tables_.put<Table::kClusters>(1, cluster_ref{kSlots - 1, 2u << 8 | CLUSTER_EXISTS});
  expectRefused(target(1, 1));
}

// The second question is answered from where the first one found it; the table decides still.
TEST_F(AuthorizerTest, MemberThatHasLeftOrMovedIsSeenAsTheTableHasIt) {
  ASSERT_TRUE(authorize(target(1, 1)).ok());
  tables_.put<Table::kClusterSlots>(21, alias_slot{1, 2, 2});
  expectRefused(target(1, 1));
  tables_.put<Table::kClusters>(1, cluster_ref{30, 2u << 8 | CLUSTER_EXISTS});
  tables_.put<Table::kClusterSlots>(30, alias_slot{1, 2, 2});
  tables_.put<Table::kClusterSlots>(31, alias_slot{1, 1, 1});
  EXPECT_TRUE(authorize(target(1, 1)).ok());
  EXPECT_TRUE(authorize(target(1, 1)).ok());
}

}  // namespace
}  // namespace sluice::broker
