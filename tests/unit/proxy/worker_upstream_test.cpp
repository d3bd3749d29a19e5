// SPDX-License-Identifier: Apache-2.0
// Connections to servers: failures, retries, reuse.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

class Upstreams : public WorkerTest {
 protected:
  Server& always() {
    return serve([](std::string_view) { return kOk; });
  }
  const std::string post_ = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
};

TEST_F(Upstreams, FailedConnectIsTriedElsewhere) {
  always();
  routeToServers();
  sockets_.failures.assign(2, Error(Error::Code::kUnavailable, "refused"));
  Peer& client = connect();
  EXPECT_EQ(answerInTime(client, kGet), kOk);
  EXPECT_EQ(worker_->stats().retries, 2u);
}

TEST_F(Upstreams, RefusedConnectsEndIn503) {
  always().stopListening();
  routeToServers();
  Peer& client = connect();
  EXPECT_TRUE(answerInTime(client, kGet, "connection failure").starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(sockets_.targets.size(), 3u);
  EXPECT_EQ(log_.entries.at(0).flags, "UF,URX");
}

TEST_F(Upstreams, AttemptsPreferOtherEndpoints) {
  always().stopListening();
  always();
  TestRule rule;
  rule.destinations = {{1, {1, 2}}};
  // Five draws of another one may all be in vain (Istio).
  rule.retries.emplace().attempts = 6;
  configure({rule});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(answerInTime(connect(), kGet), kOk);
}

TEST_F(Upstreams, ConnectTimesOut) {
  always();
  routeToServers();
  sockets_.silent = true;
  Peer& client = connect();
  client.send(kGet);
  for (size_t attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_TRUE(inTime([&] { return sockets_.targets.size() == attempt; }));
    clock_.advance(10s);
  }
  ASSERT_TRUE(until([&] { return client.received().ends_with("connection failure"); }));
}

TEST_F(Upstreams, RefusalByTheBrokerRoutesAgainWithTheNewerRules) {
  always();
  serve(
      [](std::string_view) { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nNew: 1\r\n\r\nok"; });
  TestRule first, second;
  first.destinations = {{1, {1}}};
  second.destinations = {{1, {2}}};
  configure({first});
  sockets_.failures.push_back(Error(Error::Code::kPermission, "not in the tables"));
  Peer& client = connect();
  client.send(kGet);
  ASSERT_TRUE(until([&] { return sockets_.failures.empty(); }));
  settle();
  EXPECT_EQ(client.received(), "");
  configure({second});
  ASSERT_TRUE(until([&] { return client.received().ends_with("ok"); }));
  EXPECT_THAT(client.received(), testing::HasSubstr("New: 1"));
  EXPECT_EQ(worker_->stats().reroutes, 1u);
}

TEST_F(Upstreams, RefusalByTheBrokerWaitsForNewerRulesAlsoWhileTheWorkerEnds) {
  always();
  routeToServers();
  Peer& client = connect();
  settle();
  worker_->retire(20s, 60s, [] {});
  sockets_.failures.push_back(Error(Error::Code::kPermission, "not in the tables"));
  client.send(kGet);
  ASSERT_TRUE(until([&] { return sockets_.failures.empty(); }));
  settle();
  EXPECT_EQ(client.received(), "");
  routeToServers();
  ASSERT_TRUE(until([&] { return client.received().ends_with("ok"); }));
}

TEST_F(Upstreams, HoweverManyChangesCrossARequestItGoesOn) {
  always();
  TestRule rule;
  rule.destinations = {{1, {1}}};
  serve();
  constexpr size_t kChanges = 8;
  sockets_.failures.assign(kChanges, Error(Error::Code::kPermission, "not in the tables"));
  configure({rule});
  Peer& client = connect();
  client.send(kGet);
  for (size_t change = 1; change <= kChanges; ++change) {
    ASSERT_TRUE(until([&] { return sockets_.targets.size() == change; }));
    settle();
    configure({rule});
  }
  ASSERT_TRUE(until([&] { return client.received().ends_with("ok"); }));
  EXPECT_EQ(worker_->stats().reroutes, kChanges);
}

TEST_F(Upstreams, WhatIsNeverLetThroughEndsIn503HoweverManyChangesThereAre) {
  always();
  TestRule rule;
  rule.destinations = {{1, {1}}};
  serve();
  sockets_.failures.assign(100, Error(Error::Code::kPermission, "not in the tables"));
  configure({rule});
  Peer& client = connect();
  client.send(kGet);
  ASSERT_TRUE(until([&] {
    clock_.advance(500ms);
    configure({rule});
    return client.received().ends_with("connection failure");
  }));
  EXPECT_FALSE(sockets_.failures.empty());
}

TEST_F(Upstreams, RefusalWithoutNewerRulesEndsIn503) {
  always();
  routeToServers();
  sockets_.failures.assign(3, Error(Error::Code::kPermission, "not in the tables"));
  Peer& client = connect();
  client.send(kGet);
  ASSERT_TRUE(until([&] {
    clock_.advance(100ms);
    return client.received().ends_with("connection failure");
  }));
  EXPECT_EQ(sockets_.targets.size(), 3u);
}

TEST_F(Upstreams, ServerClosingWithoutAnswerIs503UC) {
  serve();
  routeToServers();
  Peer& client = connect();
  client.send(kGet);
  request();
  servers_[0]->connection(0).close();
  ASSERT_TRUE(until([&] { return client.received().ends_with("connection termination"); }));
  EXPECT_EQ(log_.entries.at(0).flags, "UC");
  EXPECT_EQ(servers_[0]->connections().size(), 1u) << "a first try is never repeated";
}

TEST_F(Upstreams, BadResponsesAre502) {
  serve();
  routeToServers();
  size_t index = 0;
  for (const char* response :
       {"SSH-2.0\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n"}) {
    Peer& client = connect();
    client.send(kGet);
    request(index);
    servers_[0]->connection(index++).send(response);
    ASSERT_TRUE(until([&] { return client.received().ends_with("protocol error"); })) << response;
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 502 "));
  }
}

TEST_F(Upstreams, BytesBeyondTheResponseSpoilTheConnection) {
  serve();
  routeToServers();
  Peer& client = connect();
  client.send(kGet);
  request();
  servers_[0]->connection(0).send(kOk + "HTTP/1.1 200 Smuggled\r\n\r\n");
  ASSERT_TRUE(receives(client, kOk));
  client.send(kGet);
  ASSERT_FALSE(request(1).empty());
}

TEST_F(Upstreams, ConnectionsAreReusedLastInFirstOut) {
  serve();
  routeToServers();
  Peer& one = connect();
  Peer& two = connect();
  one.send(kGet);
  two.send(kGet);
  request(0);
  request(1);
  servers_[0]->connection(0).send(kOk);
  ASSERT_TRUE(until([&] { return worker_->stats().idle_upstreams == 1; }));
  servers_[0]->connection(1).send(kOk);
  ASSERT_TRUE(until([&] { return worker_->stats().idle_upstreams == 2; }));
  one.send(kGet);
  ASSERT_TRUE(until([&] { return servers_[0]->connection(1).received() == kGet + kGet; }));
}

TEST_F(Upstreams, IdleConnectionThatTheServerClosesHarmsNoRequest) {
  Server& server = always();
  routeToServers();
  Peer& client = connect();
  for (const std::string& request : {kGet, post_, kGet, post_}) {
    client.received().clear();
    client.send(request);
    client.poll();
    // After the request and before the worker's next turn: it cannot know when it chooses.
    if (!server.connections().empty()) server.connections().back()->close();
    EXPECT_TRUE(receives(client, kOk));
  }
  EXPECT_EQ(server.connections().size(), 4u);
}

TEST_F(Upstreams, ReusedConnectionClosedUnderARequest) {
  serve();
  routeToServers();
  Peer& client = connect();
  client.send(kGet);
  request(0);
  servers_[0]->connection(0).send(kOk);
  ASSERT_TRUE(receives(client, kOk));
  // An idempotent request is sent again …
  client.send(kGet);
  ASSERT_TRUE(until([&] { return servers_[0]->connection(0).received() == kGet + kGet; }));
  servers_[0]->connection(0).close();
  ASSERT_EQ(request(1), kGet);
  servers_[0]->connection(1).send(kOk);
  ASSERT_TRUE(receives(client, kOk + kOk));
  EXPECT_EQ(worker_->stats().retried_stale, 1u);
  // … one that may have had an effect is not.
  client.received().clear();
  client.send(post_);
  ASSERT_TRUE(until([&] { return servers_[0]->connection(1).received().ends_with("hi"); }));
  servers_[0]->connection(1).close();
  ASSERT_TRUE(until([&] { return client.received().ends_with("connection termination"); }));
  EXPECT_EQ(servers_[0]->connections().size(), 2u);
}

TEST_F(Upstreams, IdleConnectionsExpire) {
  always();
  routeToServers();
  answerTo(connect(), kGet);
  ASSERT_EQ(worker_->stats().idle_upstreams, 1u);
  clock_.advance(1h);
  EXPECT_TRUE(until([&] { return worker_->stats().idle_upstreams == 0; }));
}

TEST_F(Upstreams, AnotherAddressUnderTheSameIdGetsANewConnection) {
  always();
  always();
  TestRule rule;
  rule.destinations = {{1, {1}}};
  configure({rule});
  Peer& client = connect();
  answerTo(client, kGet);
  sockets_.ports[{1}] = servers_[1]->address().port;
  std::swap(servers_[0], servers_[1]);
  configure({rule});
  EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_EQ(servers_[0]->requests(), 1u);
}

}  // namespace
}  // namespace sluice::proxy::test
