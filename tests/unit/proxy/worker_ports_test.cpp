// SPDX-License-Identifier: Apache-2.0
// Connections to addresses that no service lists: to a range, a server name, a Host, or on to where
// they were called.
#include <deque>

#include "tests/unit/proxy/client_hello.h"
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using routing::Protocol;
using testing::StartsWith;

constexpr const char* kCalled = "198.51.100.7";

/// Server 1 is the address that was called; 2, 3, … are those of the services.
class Ports : public WorkerTest {
 protected:
  static constexpr ClientClass kClass{2};

  Ports() {
    serve([](std::string_view) { return kOk; });
    sockets_.ports[{0}] = servers_[0]->address().port;
    config_->workloads[{1}] = {kClass};
  }

  /// What the kernel sends connections by that no service's address asks for.
  void wholePort(Protocol protocol, bool closed = false) {
    auto service = std::make_shared<routing::ServiceRoute>();
    service->service = {routing::kAnyHost, 80};
    service->protocol = protocol;
    service->whole_port = true;
    service->rules.edit().emplace_back();
    auto route = routeOf(service, 7);
    route->needs_origin = true;
    if (!closed) {
      auto called = std::make_shared<routing::Cluster>();
      called->passthrough = true;
      ProxyCluster cluster;
      cluster.cluster = called;
      sendTo(route->plain, std::move(cluster));
    } else {
      sendTo(route->plain, ProxyCluster{});
    }
    config_->routes.set({ServiceId{kService}, kClass}, route);
  }

  /// A service without addresses, with a server of its own; its number.
  std::shared_ptr<ProxyRoute> service(Protocol protocol = Protocol::kTcp) {
    const auto& server = serve([](std::string_view) { return kOk; });
    const auto id = static_cast<uint32_t>(servers_.size());
    auto made = std::make_shared<routing::ServiceRoute>();
    made->service = {"service-" + std::to_string(id), 80};
    made->protocol = protocol;
    made->rules.edit().emplace_back();
    auto route = routeOf(made, 10 + id);
    sendTo(route->plain, clusterOf(server, id));
    ProxyRule rule{&made->rules->front(), {}, {}, {}};
    sendTo(rule, clusterOf(server, id));
    route->rules = std::make_shared<const std::vector<ProxyRule>>(1, std::move(rule));
    return route;
  }
  void range(const std::string& subnet, const std::string& name,
             const std::shared_ptr<ProxyRoute>& route) {
    auto& range = ranges_.emplace_back();
    range.subnet = subnet.empty() ? routing::Subnet{} : *routing::Subnet::parse(subnet);
    if (!name.empty()) range.sni_hosts = {name};
    config_->ranges[{kClass, 80}].push_back({&range, route});
  }
  void name(const std::string& host, const std::shared_ptr<ProxyRoute>& route) {
    names_.exact.set(host, route->route);
    config_->by_host.set({route->route.get(), routing::Family::kV4}, route);
  }
  void hostDecides(bool closed = false) { config_->hosts[{kClass, 80}] = {&names_, closed}; }

  /// A connection to `ip`, as the kernel tells of it.
  Peer& call(const std::string& ip = kCalled) {
    worker_->setConfig(config_);
    Peer& client = connect();
    origdst_key key{};
    key.workload = 1;
    std::ranges::copy(IpAddress::parse("127.0.0.1")->bytes, key.client);
    key.client_port = htons(client.localPort());
    key.listener_port = htons(port_);
    origdst value{};
    std::ranges::copy(IpAddress::parse(ip)->bytes, value.address);
    value.port = htons(80);
    value.service = kService;
    require(maps::View<Table::kOriginalDestinations>(tables_).put(key, value).ok(), "origdst");
    return client;
  }

  /// Which server gets `bytes`, from 0 on.
  size_t serverThatGets(Peer& client, const std::string& bytes) {
    client.send(bytes);
    size_t found = servers_.size();
    until([&] {
      for (size_t i = 0; i < servers_.size(); ++i)
        for (auto& connection : servers_[i]->connections())
          if (connection->received() == bytes) found = i;
      return found < servers_.size() || client.over();
    });
    for (auto& server : servers_) server->connections().clear();
    return found;
  }
  std::string get(Peer& client, const std::string& host, std::string_view end = "ok") {
    return answerTo(client, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", end);
  }

  std::shared_ptr<ProxyConfig> config_ = std::make_shared<ProxyConfig>();
  routing::VirtualHosts names_;
  std::deque<routing::RangeRoute> ranges_;

 private:
  static std::shared_ptr<ProxyRoute> routeOf(const std::shared_ptr<routing::ServiceRoute>& service,
                                             uint32_t id) {
    auto route = std::make_shared<ProxyRoute>();
    route->id = {id};
    route->binding = {id};
    route->route = service;
    route->matcher = *routing::Matcher::compile(*service->rules);
    route->plain.rule = &route->plain_rule;
    return route;
  }
};

TEST_F(Ports, WhoNamesNoHostAsksForTheAddressCalled) {
  wholePort(Protocol::kHttp);
  hostDecides();
  sockets_.ports[{0}] = serve().address().port;
  call().send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(request(0, 1), "GET / HTTP/1.1\r\nHost: 198.51.100.7\r\n\r\n");
}

TEST_F(Ports, UnknownHostGoesOnToTheAddressCalled) {
  wholePort(Protocol::kHttp);
  hostDecides();
  Peer& client = call();
  EXPECT_EQ(get(client, "nobody.example"), kOk);
  ASSERT_EQ(sockets_.targets.size(), 1u);
  const auto& target = sockets_.targets[0];
  EXPECT_EQ(target.route, RouteId{7});
  ASSERT_TRUE(target.origin.has_value());
  EXPECT_EQ(target.origin->text(), "198.51.100.7:80");

  EXPECT_EQ(get(client, "nobody.example"), kOk);
  EXPECT_EQ(sockets_.targets.size(), 1u) << "the connection is used again";
  EXPECT_EQ(get(call("198.51.100.8"), "nobody.example"), kOk);
  EXPECT_EQ(sockets_.targets.size(), 2u) << "but not for another address";
}

TEST_F(Ports, KnownHostGoesToItsServiceWhateverWasCalled) {
  wholePort(Protocol::kHttp);
  name("api.example", service(Protocol::kHttp));
  hostDecides();
  EXPECT_EQ(get(call(), "api.example"), kOk);
  ASSERT_EQ(sockets_.targets.size(), 1u);
  EXPECT_FALSE(sockets_.targets[0].origin);
  EXPECT_EQ(sockets_.targets[0].route, RouteId{12});
}

TEST_F(Ports, UnknownHostInAClosedMesh) {
  wholePort(Protocol::kHttp, true);
  hostDecides(true);
  EXPECT_THAT(get(call(), "nobody.example", "\r\n\r\n"), StartsWith("HTTP/1.1 502 "));
}

TEST_F(Ports, BytesThatAreNoHttpGoOnToTheAddressCalled) {
  wholePort(Protocol::kHttp);
  hostDecides();
  EXPECT_EQ(serverThatGets(call(), "hello world\r\n"), 0u);
  EXPECT_TRUE(sockets_.targets.at(0).origin);
}

TEST_F(Ports, OriginThatTheKernelCouldNotTell) {
  wholePort(Protocol::kHttp);
  hostDecides();
  worker_->setConfig(config_);
  EXPECT_THAT(get(connect(), "nobody.example", "no healthy upstream"), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(log_.entries.at(0).flags, "UH");
}

TEST_F(Ports, OriginIsTakenOutOfTheTable) {
  wholePort(Protocol::kHttp);
  hostDecides();
  get(call(), "nobody.example");
  size_t left = 0;
  ASSERT_TRUE(maps::View<Table::kOriginalDestinations>(tables_)
                  .visit([&](const origdst_key&, const origdst&) { ++left; })
                  .ok());
  EXPECT_EQ(left, 0u);
}

TEST_F(Ports, RangesByTheAddressCalled) {
  wholePort(Protocol::kTcp);
  range("10.1.0.0/16", "", service());
  range("10.0.0.0/8", "", service());
  EXPECT_EQ(serverThatGets(call("10.1.2.3"), "x"), 1u);
  EXPECT_EQ(serverThatGets(call("10.2.2.3"), "x"), 2u);
  EXPECT_EQ(serverThatGets(call("11.0.0.1"), "x"), 0u);
  ASSERT_EQ(sockets_.targets.size(), 3u);
  EXPECT_EQ(sockets_.targets[0].route, RouteId{12});
  EXPECT_TRUE(sockets_.targets[2].origin);
}

TEST_F(Ports, RangesConnectBeforeAnybodySpeaks) {
  wholePort(Protocol::kTcp);
  range("10.1.0.0/16", "", service());
  Peer& client = call("10.1.2.3");
  ASSERT_TRUE(until([&] { return servers_[1]->connections().size() == 1; }));
  servers_[1]->connection(0).send("welcome");
  EXPECT_TRUE(receives(client, "welcome"));
}

TEST_F(Ports, ServerNamesTellApartWhoSharesAnAddress) {
  wholePort(Protocol::kTls);
  range("", "one.example", service(Protocol::kTls));
  range("", "*.example", service(Protocol::kTls));
  EXPECT_EQ(serverThatGets(call(), helloFor("ONE.example")), 1u);
  EXPECT_EQ(serverThatGets(call(), helloFor("two.example")), 2u);
  EXPECT_EQ(serverThatGets(call(), helloFor("else.where")), 0u);
  EXPECT_EQ(serverThatGets(call(), "hello\r\n"), 0u);
}

TEST_F(Ports, WhatNoServerNameTakesMayBeTakenByTheAddress) {
  wholePort(Protocol::kTls);
  range("", "one.example", service(Protocol::kTls));
  range("", "", service(Protocol::kUnknown));
  EXPECT_EQ(serverThatGets(call(), helloFor("else.where")), 2u);
  Peer& client = call();
  EXPECT_EQ(get(client, "any"), kOk) << "HTTP, by the rules of the one that detects it";
  worker_->setConfig(config_);
  EXPECT_EQ(get(client, "any"), kOk) << "also under a newer configuration";
  for (const auto& target : sockets_.targets) EXPECT_EQ(target.route, RouteId{13});
}

TEST_F(Ports, TlsOfAServiceWhoseRulesNameOtherServers) {
  wholePort(Protocol::kTls);
  auto ruled = service(Protocol::kTls);
  auto changed = std::make_shared<routing::ServiceRoute>(*ruled->route);
  auto& rule = changed->l4_rules.emplace_back();
  rule.kind = routing::L4Rule::Kind::kTls;
  rule.sni_hosts = {"one.example"};
  ruled->route = changed;
  auto made = std::make_unique<ProxyL4Rule>();
  made->match = &rule;
  made->target.rule = &made->rule;
  sendTo(made->target, clusterOf(*servers_[1], 2));
  ruled->l4_rules.push_back(std::move(made));
  range("10.0.0.0/8", "*.example", ruled);
  EXPECT_EQ(serverThatGets(call("10.0.0.1"), helloFor("one.example")), 1u);
  EXPECT_EQ(serverThatGets(call("10.0.0.1"), helloFor("two.example")), 0u);
}

}  // namespace
}  // namespace sluice::proxy::test
