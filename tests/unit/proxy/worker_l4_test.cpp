// SPDX-License-Identifier: Apache-2.0
// Connections that carry no HTTP.
#include "tests/unit/proxy/client_hello.h"
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using routing::L4Rule;
using routing::Protocol;
using testing::StartsWith;

class L4 : public WorkerTest {
 protected:
  /// Server 1 is the service without its rules, the following are those of the rules.
  void configureL4(Protocol protocol, const std::vector<L4Rule>& rules) {
    auto service = std::make_shared<routing::ServiceRoute>();
    service->service = {"a", 80};
    service->protocol = protocol;
    service->vips = {*IpAddress::parse("10.96.0.1")};
    service->l4_rules = rules;
    service->rules.edit().emplace_back().direct_response = HttpDirectResponse{207, {}};
    auto route = std::make_shared<ProxyRoute>();
    route->id = {7};
    route->route = service;
    route->matcher = *routing::Matcher::compile(*service->rules);
    const auto& http = service->rules->front();
    route->rules = std::make_shared<const std::vector<ProxyRule>>(
        1, ProxyRule{&http, {}, {}, *RuleActions::of(http, 80)});
    route->plain.rule = &route->plain_rule;
    sendTo(route->plain, clusterOf(serve(), 1));
    for (const auto& rule : service->l4_rules) {
      auto made = std::make_unique<ProxyL4Rule>();
      made->match = &rule;
      made->target.rule = &made->rule;
      const auto& server = serve();
      sendTo(made->target, clusterOf(server, static_cast<uint32_t>(servers_.size())));
      route->l4_rules.push_back(std::move(made));
    }
    auto config = std::make_shared<ProxyConfig>();
    config->routes.set({ServiceId{kService}, ClientClass{}}, route);
    worker_->setConfig(config);
  }
  static L4Rule tcp(std::vector<routing::Subnet> subnets = {}) {
    L4Rule rule;
    rule.subnets = std::move(subnets);
    return rule;
  }
  static L4Rule tls(std::vector<std::string> names) {
    L4Rule rule;
    rule.kind = L4Rule::Kind::kTls;
    rule.sni_hosts = std::move(names);
    return rule;
  }
  /// Which server gets `bytes`, from 0 on.
  size_t serverThatGets(const std::string& bytes) {
    Peer& client = connect();
    client.send(bytes);
    size_t found = servers_.size();
    until([&] {
      for (size_t i = 0; i < servers_.size(); ++i)
        for (auto& connection : servers_[i]->connections())
          if (connection->received() == bytes) found = i;
      return found < servers_.size() || client.over();
    });
    client.close();
    for (auto& server : servers_) server->connections().clear();
    return found;
  }
};

TEST_F(L4, DeclaredTcpConnectsBeforeAnybodySpeaks) {
  configureL4(Protocol::kTcp, {tcp()});
  Peer& client = connect();
  ASSERT_TRUE(until([&] { return servers_[1]->connections().size() == 1; }));
  servers_[1]->connection(0).send("welcome");
  EXPECT_TRUE(receives(client, "welcome"));
  EXPECT_EQ(log_.connections, 1u);
  EXPECT_TRUE(log_.entries.empty());
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(receives(servers_[1]->connection(0), "GET / HTTP/1.1\r\n"));
  servers_[1]->connection(0).finish();
  ASSERT_TRUE(until([&] { return client.ended(); }));
  client.finish();
  ASSERT_TRUE(until([&] { return !log_.entries.empty(); }));
  EXPECT_EQ(log_.entries[0].request_bytes, 16u);
  EXPECT_EQ(log_.entries[0].flags, "-");
}

TEST_F(L4, WhoResetsATunnelIsInTheLog) {
  configureL4(Protocol::kTcp, {});
  for (size_t i = 0; i < 2; ++i) {
    Peer& client = connect();
    client.send("x");
    ASSERT_TRUE(until([&] { return servers_[0]->connections().size() == i + 1; }));
    Peer& server = servers_[0]->connection(i);
    ASSERT_TRUE(receives(server, "x"));
    (i == 0 ? client : server).reset();
    EXPECT_TRUE(until([&] { return (i == 0 ? server : client).wasReset(); }));
  }
  ASSERT_EQ(log_.entries.size(), 2u);
  EXPECT_EQ(log_.entries[0].flags, "DC");
  EXPECT_EQ(log_.entries[0].details, "downstream_remote_disconnect");
  EXPECT_EQ(worker_->stats().client_aborts, 1u);
  EXPECT_EQ(log_.entries[1].flags, "UC");
  EXPECT_EQ(log_.entries[1].details,
            "upstream_reset_after_response_started{connection_termination}");
  EXPECT_EQ(worker_->stats().upstream_resets, 1u);
}

TEST_F(L4, TheLogHasTheServersNameAndOurAddress) {
  configureL4(Protocol::kTls, {tls({"v2.example"})});
  serverThatGets(helloFor("v2.example"));
  ASSERT_TRUE(until([&] { return !log_.entries.empty(); }));
  EXPECT_EQ(log_.entries[0].server_name, "v2.example");
  ASSERT_TRUE(log_.entries[0].upstream_local);
  EXPECT_EQ(log_.entries[0].upstream_local->ip, *IpAddress::parse("127.0.0.1"));
}

TEST_F(L4, SubnetsOfTheAddressCalled) {
  configureL4(Protocol::kTcp, {tcp({*routing::Subnet::parse("10.97.0.0/16")}),
                               tcp({*routing::Subnet::parse("10.96.0.0/16")})});
  EXPECT_EQ(serverThatGets("x"), 2u);
}

TEST_F(L4, TlsByServerName) {
  configureL4(Protocol::kTls, {tls({"one.example"}), tls({"*.example"})});
  EXPECT_EQ(serverThatGets(helloFor("ONE.example")), 1u);
  EXPECT_EQ(serverThatGets(helloFor("two.example")), 2u);
  EXPECT_EQ(serverThatGets(helloFor("example")), 0u);
  EXPECT_EQ(serverThatGets("hello\r\n"), 0u);
}

TEST_F(L4, HelloThatComesInParts) {
  configureL4(Protocol::kTls, {tls({"one.example"})});
  const auto hello = helloFor("one.example");
  Peer& client = connect();
  client.send(hello.substr(0, 30));
  settle();
  EXPECT_EQ(sockets_.targets.size(), 0u);
  client.send(hello.substr(30));
  ASSERT_TRUE(until([&] { return !servers_[1]->connections().empty(); }));
  EXPECT_TRUE(receives(servers_[1]->connection(0), hello));
}

TEST_F(L4, UndeclaredProtocolIsDetected) {
  configureL4(Protocol::kUnknown, {tcp()});
  EXPECT_THAT(answerTo(connect(), kGet, "\r\n\r\n"), StartsWith("HTTP/1.1 207 "));
  EXPECT_EQ(serverThatGets("\x01\x02"), 1u);
  EXPECT_EQ(serverThatGets(helloFor("any")), 1u);
}

TEST_F(L4, SilentClientWaitsForTheServer) {
  configureL4(Protocol::kUnknown, {});
  Peer& client = connect();
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == 1; }));
  clock_.advance(999ms);
  settle();
  EXPECT_EQ(sockets_.targets.size(), 0u);
  clock_.advance(1ms);
  ASSERT_TRUE(until([&] { return !servers_[0]->connections().empty(); }));
  servers_[0]->connection(0).send("welcome");
  EXPECT_TRUE(receives(client, "welcome"));
}

TEST_F(L4, WithoutEndpointsTheClientSeesAReset) {
  configureL4(Protocol::kTcp, {});
  servers_[0]->stopListening();
  Peer& client = connect();
  ASSERT_TRUE(until([&] { return client.wasReset(); }));
  EXPECT_EQ(log_.entries.at(0).flags, "UF,URX");
  EXPECT_EQ(worker_->stats().open_connections, 0u);
}

TEST_F(L4, DestinationThatDoesNotExist) {
  configureL4(Protocol::kTcp, {});
  auto config = std::make_shared<ProxyConfig>();
  auto route = std::make_shared<ProxyRoute>();
  auto service = std::make_shared<routing::ServiceRoute>();
  service->protocol = Protocol::kTcp;
  route->route = service;
  route->plain.rule = &route->plain_rule;
  sendTo(route->plain, {});
  config->routes.set({ServiceId{kService}, ClientClass{}}, route);
  worker_->setConfig(config);
  Peer& client = connect();
  ASSERT_TRUE(until([&] { return client.wasReset(); }));
  EXPECT_EQ(log_.entries.at(0).flags, "NC");
  EXPECT_EQ(worker_->stats().open_connections, 0u);
}

TEST_F(L4, ANewerConfigurationDecidesAgain) {
  configureL4(Protocol::kTcp, {});
  sockets_.failures.push_back(Error(Error::Code::kPermission, "not any more"));
  Peer& client = connect();
  client.send("x");
  ASSERT_TRUE(until([&] { return sockets_.targets.size() == 1 && sockets_.failures.empty(); }));
  settle();
  servers_.clear();
  configureL4(Protocol::kTcp, {tcp()});
  ASSERT_TRUE(until([&] { return !servers_[1]->connections().empty(); }));
  EXPECT_TRUE(receives(servers_[1]->connection(0), "x"));
}

}  // namespace
}  // namespace sluice::proxy::test
