// SPDX-License-Identifier: Apache-2.0
// Which service a request means: the one whose address was called, or the one that its Host names.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Hosts : public WorkerTest {
 protected:
  static constexpr ClientClass kClass{2};

  /// A route that answers `status` itself; without its rules it goes to endpoint 1.
  std::shared_ptr<ProxyRoute> answering(int status, uint32_t id,
                                        routing::Protocol protocol = routing::Protocol::kHttp) {
    auto service = std::make_shared<routing::ServiceRoute>();
    service->service = {"service-" + std::to_string(id), 80};
    service->protocol = protocol;
    service->rules.edit().emplace_back().direct_response = HttpDirectResponse{status, {}};
    auto route = std::make_shared<ProxyRoute>();
    route->id = {id};
    route->binding = {id};
    route->route = service;
    route->matcher = *routing::Matcher::compile(*service->rules);
    const auto& rule = service->rules->front();
    route->rules = std::make_shared<const std::vector<ProxyRule>>(
        1, ProxyRule{&rule, {}, {}, *RuleActions::of(rule, 80)});
    addPlain(*route);
    return route;
  }
  void addPlain(ProxyRoute& route) {
    route.plain.rule = &route.plain_rule;
    sendTo(route.plain, clusterOf(*servers_[0], 1));
  }
  /// The address of service 5 is called; "other" names another one.
  void configureHosts(bool registry_only, routing::Protocol protocol = routing::Protocol::kHttp,
                      const std::string& other_name = "other") {
    serve([](std::string_view) { return kOk; });
    const auto called = answering(207, 7, protocol);
    const auto other = answering(208, 8);
    names_ = std::make_shared<routing::VirtualHosts>();
    names_->exact.set("called", called->route);
    names_->exact.set(other_name, other->route);
    auto config = std::make_shared<ProxyConfig>();
    config->routes.set({ServiceId{kService}, kClass}, called);
    config->by_host.set({other->route.get(), routing::Family::kV4}, other);
    config->hosts[{kClass, 80}] = {names_.get(), registry_only};
    config->workloads[{1}] = {kClass};
    worker_->setConfig(config);
  }
  std::string get(Peer& client, const std::string& host, std::string_view end = "\r\n\r\n") {
    return answerTo(client, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", end);
  }

  std::shared_ptr<routing::VirtualHosts> names_;
};

TEST_F(Hosts, HostPicksTheServiceOfEachRequest) {
  configureHosts(false);
  Peer& client = connect();
  EXPECT_THAT(get(client, "called"), StartsWith("HTTP/1.1 207 "));
  EXPECT_THAT(get(client, "Other:1234"), StartsWith("HTTP/1.1 208 "));
  EXPECT_THAT(get(client, "called:80"), StartsWith("HTTP/1.1 207 "));
  const auto* counted = maps::View<Table::kServiceRequests>(tables_).shared(8);
  EXPECT_EQ(counted->responses[2], 1u);
}

/// Whatever the connection's last request has named.
TEST_F(Hosts, WhatIsRefusedBeforeItIsRoutedIsTheServicesCalled) {
  configureHosts(false);
  Peer& client = connect();
  EXPECT_THAT(get(client, "other"), StartsWith("HTTP/1.1 208 "));
  EXPECT_THAT(
      answerTo(client, "POST / HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: chunked\r\n\r\n!\r\n",
               "\r\n\r\n"),
      StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(log_.entries.at(1).host, "service-7");
}

TEST_F(Hosts, UnknownHostGoesPastTheRulesOfTheServiceCalled) {
  configureHosts(false);
  EXPECT_EQ(get(connect(), "nobody.example", "ok"), kOk);
  ASSERT_EQ(sockets_.targets.size(), 1u);
  EXPECT_EQ(sockets_.targets[0].route, RouteId{7});
}

TEST_F(Hosts, WhoNamesNoHostMeansTheServiceCalled) {
  configureHosts(true);
  EXPECT_THAT(answerTo(connect(), "GET / HTTP/1.0\r\n\r\n", "\r\n\r\n"),
              StartsWith("HTTP/1.1 207 "));
}

TEST_F(Hosts, AHostMayBecomeKnownWhileItsRequestIsRoutedAgain) {
  configureHosts(false);
  sockets_.failures.push_back(Error(Error::Code::kPermission, "not in the tables"));
  Peer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: new\r\n\r\n");
  ASSERT_TRUE(until([&] { return sockets_.failures.empty(); }));
  configureHosts(false, routing::Protocol::kHttp, "new");
  ASSERT_TRUE(until([&] { return client.received().ends_with("\r\n\r\n"); }));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 208 "));
}

TEST_F(Hosts, UnknownHostInAClosedMesh) {
  configureHosts(true);
  EXPECT_THAT(get(connect(), "nobody.example"), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(log_.entries.at(0).flags, "-");
}

TEST_F(Hosts, HostOfAServiceThatIsLeftAloneIsNotSteeredEither) {
  configureHosts(true);
  auto left = std::make_shared<routing::ServiceRoute>();
  left->path = routing::Path::kPassthrough;
  names_->exact.set("left", left);
  EXPECT_EQ(get(connect(), "left", "ok"), kOk);
}

TEST_F(Hosts, BytesThatAreNoHttpGoPastTheRules) {
  configureHosts(false);
  servers_[0] = std::make_unique<Server>();
  sockets_.ports[{1}] = servers_[0]->address().port;
  Peer& client = connect();
  client.send("hello world\r\n");
  ASSERT_TRUE(until([&] { return !servers_[0]->connections().empty(); }));
  EXPECT_TRUE(receives(servers_[0]->connection(0), "hello world\r\n"));
}

TEST_F(Hosts, BytesThatAreNoHttpInAClosedMesh) {
  configureHosts(true);
  EXPECT_THAT(answerTo(connect(), "hello world\r\n", "\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(Hosts, DetectedPortsAnswerByTheAddressCalled) {
  configureHosts(true, routing::Protocol::kUnknown);
  EXPECT_THAT(get(connect(), "other"), StartsWith("HTTP/1.1 207 "));
}

TEST_F(Hosts, RouteThatTheKernelDoesNotHaveFallsBackToTheServiceCalled) {
  configureHosts(false);
  names_->exact.set("gone", std::make_shared<routing::ServiceRoute>());
  EXPECT_THAT(get(connect(), "gone"), StartsWith("HTTP/1.1 207 "));
}

}  // namespace
}  // namespace sluice::proxy::test
