// SPDX-License-Identifier: Apache-2.0
// Connection pools and outliers of connections that carry no HTTP.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

class TcpPools : public WorkerTest {
 protected:
  TcpPools() { serve(); }

  void limit(const std::function<void(TcpSettings&)>& set) {
    ConnectionPoolSettings pool;
    set(pool.tcp.emplace());
    auto cluster = clusterOf(*servers_[0], 1);
    cluster.pool = std::make_shared<const ClusterPool>(PoolSettings::of(pool), pools_.of("tcp"));
    sendAllTo(std::move(cluster));
  }

  void sendAllTo(ProxyCluster cluster) {
    auto service = std::make_shared<routing::ServiceRoute>();
    service->service = {"db", 80};
    service->protocol = routing::Protocol::kTcp;
    auto route = std::make_shared<ProxyRoute>();
    route->id = {7};
    route->route = service;
    route->matcher = *routing::Matcher::compile(*service->rules);
    route->plain.rule = &route->plain_rule;
    sendTo(route->plain, std::move(cluster));
    auto config = std::make_shared<ProxyConfig>();
    config->routes.set({ServiceId{kService}, ClientClass{}}, route);
    worker_->setConfig(config);
  }

  /// A tunnel that both ends have used.
  Peer& tunnel() {
    Peer& client = connect();
    client.send("hi");
    const size_t index = servers_[0]->connections().size();
    until([&] {
      return servers_[0]->connections().size() > index &&
             servers_[0]->connection(index).received() == "hi";
    });
    return client;
  }
  bool ends(Peer& peer) {
    return until([&] { return peer.over(); });
  }
};

TEST_F(TcpPools, MoreConnectionsThanThereMayBeAreClosed) {
  limit([](TcpSettings& tcp) { tcp.max_connections = 1; });
  Peer& first = tunnel();
  EXPECT_TRUE(ends(connect()));
  EXPECT_EQ(log_.entries.at(0).flags, "UO");
  EXPECT_FALSE(first.over());
  first.close();
  servers_[0]->connection(0).finish();
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
  EXPECT_FALSE(tunnel().over());
  EXPECT_EQ(servers_[0]->connections().size(), 2u);
}

TEST_F(TcpPools, IdleTunnelsEnd) {
  limit([](TcpSettings& tcp) { tcp.idle_timeout = 30s; });
  Peer& client = tunnel();
  clock_.advance(29s);
  client.send("!");
  ASSERT_TRUE(until([&] { return servers_[0]->connection(0).received() == "hi!"; }));
  clock_.advance(29s);
  settle();
  EXPECT_FALSE(client.over());
  clock_.advance(1s);
  EXPECT_TRUE(ends(client));
  EXPECT_TRUE(ends(servers_[0]->connection(0)));
  EXPECT_EQ(log_.entries.at(0).flags, "-");
  EXPECT_EQ(log_.entries.at(0).details, "tcp_session_idle_timeout");
  EXPECT_EQ(worker_->stats().tunnel_idle_timeouts, 1u);
  EXPECT_EQ(worker_->stats().tunnel_duration_timeouts, 0u);
}

TEST_F(TcpPools, TunnelsHaveALongestLife) {
  limit([](TcpSettings& tcp) { tcp.max_connection_duration = 30s; });
  Peer& client = tunnel();
  clock_.advance(29s);
  client.send("!");
  ASSERT_TRUE(until([&] { return servers_[0]->connection(0).received() == "hi!"; }));
  EXPECT_FALSE(client.over());
  clock_.advance(1s);
  EXPECT_TRUE(ends(client));
  EXPECT_EQ(log_.entries.at(0).flags, "DT");
  EXPECT_EQ(log_.entries.at(0).details, "max_connection_duration_reached");
  EXPECT_EQ(worker_->stats().tunnel_duration_timeouts, 1u);
  EXPECT_EQ(worker_->stats().tunnel_idle_timeouts, 0u);
}

TEST_F(TcpPools, ConnectionsThatCannotBeMadeCountAndOthersEndTheRow) {
  OutlierDetection policy;
  policy.consecutive_5xx_errors = 4;
  policy.max_ejection_percent = 100;
  auto cluster = clusterOf(*servers_[0], 1);
  cluster.outliers = outliers_.detector("tcp", balance::OutlierSettings::of(policy));
  cluster.endpoints[0].monitor =
      cluster.outliers->setMembers(std::vector{servers_[0]->address()}).at(0);
  sendAllTo(std::move(cluster));
  const Error refused(Error::Code::kUnavailable, "refused");
  sockets_.failures.assign(3, refused);
  EXPECT_TRUE(ends(connect())) << "three tries";
  tunnel();
  sockets_.failures.assign(3, refused);
  EXPECT_TRUE(ends(connect()));
  EXPECT_TRUE(outliers_.status().at("tcp").ejected.empty());
  sockets_.failures.assign(1, refused);
  EXPECT_TRUE(ends(connect())) << "there is nobody left to try";
  EXPECT_EQ(outliers_.status().at("tcp").ejected.size(), 1u);
}

}  // namespace
}  // namespace sluice::proxy::test
