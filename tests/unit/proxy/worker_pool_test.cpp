// SPDX-License-Identifier: Apache-2.0
// Limits of a destination's connection pool.
#include <sys/socket.h>

#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Pools : public WorkerTest {
 protected:
  /// One server, whose connections the test answers, and this pool.
  void limit(const ConnectionPoolSettings& pool, Server::Answer answer = {}) {
    serve(std::move(answer));
    setLimit(pool);
  }
  void setLimit(const ConnectionPoolSettings& pool,
                std::optional<std::chrono::nanoseconds> timeout = {}) {
    TestRule rule;
    rule.pool = pool;
    rule.timeout = timeout;
    rule.retries.emplace().attempts = 0;
    for (uint32_t id = 1; id <= servers_.size(); ++id) ids_.insert(id);
    rule.destinations = {{1, {ids_.begin(), ids_.end()}}};
    configure({rule});
  }
  static ConnectionPoolSettings connections(int32_t most, int32_t pending = 0) {
    ConnectionPoolSettings pool;
    pool.tcp.emplace().max_connections = most;
    pool.http.emplace().http1_max_pending_requests = pending;
    return pool;
  }
  Peer& asking() {
    Peer& client = connect();
    client.send(kGet);
    return client;
  }
  bool answered(Peer& client) {
    return until([&] { return client.received() == kOk || client.over(); }) &&
           client.received() == kOk;
  }
  bool refused(Peer& client) {
    return until([&] { return client.received().ends_with("overflow") || client.over(); }) &&
           client.received().starts_with("HTTP/1.1 503");
  }
  bool queued(uint64_t count) {
    return until([&] { return worker_->stats().queued == count; });
  }
  Peer& upstream(size_t index = 0) { return servers_[0]->connection(index); }
  bool opened(size_t count) {
    return until([&] { return servers_[0]->connections().size() == count; });
  }
  static Server::Answer ok() {
    return [](auto) { return kOk; };
  }

  std::set<uint32_t> ids_;
};

TEST_F(Pools, RequestsWaitForAConnectionInTheirOrder) {
  limit(connections(1));
  Peer& first = asking();
  request();
  Peer& second = asking();
  ASSERT_TRUE(queued(1));
  Peer& third = asking();
  ASSERT_TRUE(queued(2));
  for (Peer* client : {&first, &second, &third}) {
    ASSERT_TRUE(until([&] { return upstream().received() == kGet; }));
    upstream().received().clear();
    upstream().send(kOk);
    EXPECT_TRUE(answered(*client));
  }
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
}

TEST_F(Pools, AConnectionThatClosesMakesPlaceForAnother) {
  limit(connections(1));
  Peer& first = asking();
  request();
  Peer& second = asking();
  ASSERT_TRUE(queued(1));
  upstream().send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  upstream().finish();
  ASSERT_TRUE(until([&] { return first.received().ends_with("ok"); }));
  ASSERT_TRUE(opened(2));
  request(1);
  upstream(1).send(kOk);
  EXPECT_TRUE(answered(second));
}

/// Its connection has turned out closed: with another one that might be, it would be lost.
TEST_F(Pools, WhoMustHaveAFreshConnectionIsNotGivenAUsedOne) {
  limit(connections(2));
  Peer& staying = asking();
  Peer& unlucky = asking();
  ASSERT_TRUE(opened(2));
  for (size_t i = 0; i < 2; ++i) {
    request(i);
    upstream(i).received().clear();
    upstream(i).send(kOk);
  }
  ASSERT_TRUE(answered(staying) && answered(unlucky));
  staying.received().clear();
  staying.send(kGet);
  unlucky.received().clear();
  unlucky.send("GET /unlucky HTTP/1.1\r\nHost: a\r\n\r\n");
  const size_t closed = request(0).starts_with("GET /unlucky ") ? 0 : 1;
  request(1);
  Peer& other = asking();
  ASSERT_TRUE(queued(1));
  upstream(closed).reset();
  ASSERT_TRUE(queued(2));
  ASSERT_TRUE(opened(3));
  upstream(1 - closed).send(kOk);
  EXPECT_TRUE(answered(staying));
  EXPECT_THAT(request(3), StartsWith("GET /unlucky "));
  upstream(3).send(kOk);
  EXPECT_TRUE(answered(unlucky));
  request(2);
  upstream(2).send(kOk);
  EXPECT_TRUE(answered(other));
}

TEST_F(Pools, WhoLeavesTheQueueIsPassedOver) {
  limit(connections(1));
  Peer& first = asking();
  request();
  Peer& leaving = asking();
  ASSERT_TRUE(queued(1));
  Peer& staying = asking();
  ASSERT_TRUE(queued(2));
  leaving.reset();
  ASSERT_TRUE(until([&] { return worker_->stats().client_aborts == 1; }));
  upstream().received().clear();
  upstream().send(kOk);
  EXPECT_TRUE(answered(first));
  ASSERT_TRUE(until([&] { return upstream().received() == kGet; }));
  upstream().send(kOk);
  EXPECT_TRUE(answered(staying));
}

TEST_F(Pools, MoreThanMayWaitAreRefused) {
  limit(connections(1, 1));
  asking();
  request();
  Peer& waiting = asking();
  ASSERT_TRUE(queued(1));
  Peer& third = asking();
  EXPECT_TRUE(refused(third));
  EXPECT_THAT(third.received(), HasSubstr("x-envoy-overloaded: true\r\n"));
  EXPECT_EQ(log_.entries.at(0).flags, "UO");
  EXPECT_EQ(waiting.received(), "");
  // The client's connection goes on.
  upstream().send(kOk);
  ASSERT_TRUE(until([&] { return upstream().received() == kGet + kGet; }));
  upstream().send(kOk);
  EXPECT_TRUE(answered(waiting));
  third.received().clear();
  third.send(kGet);
  ASSERT_TRUE(until([&] { return upstream().received() == kGet + kGet + kGet; }));
  upstream().send(kOk);
  EXPECT_TRUE(answered(third));
}

TEST_F(Pools, ARequestThatWaitsTooLongTimesOut) {
  limit(connections(1));
  setLimit(connections(1), 5s);
  asking();
  request();
  Peer& waiting = asking();
  ASSERT_TRUE(queued(1));
  clock_.advance(5s);
  ASSERT_TRUE(until([&] { return waiting.received().ends_with("timeout"); }));
  EXPECT_THAT(waiting.received(), StartsWith("HTTP/1.1 504"));
}

TEST_F(Pools, AnotherEndpointGetsAConnectionOfItsOwn) {
  serve();
  limit(connections(1));
  for (int i = 0; i < 20; ++i) asking();
  // Envoy: so that nobody waits for a connection that does not come.
  EXPECT_TRUE(until([&] {
    return servers_[0]->connections().size() == 1 && servers_[1]->connections().size() == 1;
  }));
  settle();
  EXPECT_EQ(servers_[0]->connections().size() + servers_[1]->connections().size(), 2u);
}

TEST_F(Pools, LimitsBelongToTheClusterAlsoAfterAChange) {
  limit(connections(2));
  asking();
  request(0);
  asking();
  request(1);
  setLimit(connections(2));
  asking();
  EXPECT_TRUE(queued(1));
  setLimit(connections(3));
  asking();
  EXPECT_TRUE(queued(2)) << "not past the one that waits";
}

TEST_F(Pools, TooManyRequestsAreRefused) {
  ConnectionPoolSettings pool;
  pool.http.emplace().http2_max_requests = 1;
  limit(pool);
  Peer& first = asking();
  request();
  Peer& second = asking();
  EXPECT_TRUE(refused(second));
  upstream().send(kOk);
  EXPECT_TRUE(answered(first));
  upstream().received().clear();
  second.received().clear();
  second.send(kGet);
  ASSERT_TRUE(until([&] { return upstream().received() == kGet; }));
  upstream().send(kOk);
  EXPECT_TRUE(answered(second));
}

TEST_F(Pools, ARequestThatFailsIsNoLongerUnderWay) {
  ConnectionPoolSettings pool;
  pool.http.emplace().http2_max_requests = 1;
  limit(pool);
  asking().reset();
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
  Peer& next = asking();
  ASSERT_TRUE(until([&] {
    return !servers_[0]->connections().empty() &&
           servers_[0]->connections().back()->received() == kGet;
  }));
  servers_[0]->connections().back()->send(kOk);
  EXPECT_TRUE(answered(next));
}

TEST_F(Pools, AConnectionTakesNotMoreRequestsThanItMay) {
  ConnectionPoolSettings pool;
  pool.http.emplace().max_requests_per_connection = 2;
  limit(pool, ok());
  Peer& client = connect();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_EQ(servers_[0]->connections().size(), 3u);
}

TEST_F(Pools, ConnectionsHaveALongestLife) {
  ConnectionPoolSettings pool;
  pool.tcp.emplace().max_connection_duration = 10s;
  limit(pool, ok());
  Peer& client = connect();
  answerTo(client, kGet);
  clock_.advance(9s);
  answerTo(client, kGet);
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
  clock_.advance(1s);
  EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_EQ(servers_[0]->connections().size(), 2u);
}

TEST_F(Pools, IdleConnectionsAreClosedInTheirOwnTime) {
  ConnectionPoolSettings pool;
  pool.http.emplace().idle_timeout = 30s;
  limit(pool, ok());
  answerTo(connect(), kGet);
  EXPECT_EQ(worker_->stats().idle_upstreams, 1u);
  clock_.advance(30s);
  EXPECT_TRUE(until([&] { return worker_->stats().idle_upstreams == 0; }));
  EXPECT_TRUE(until([&] { return upstream().over(); }));
}

TEST_F(Pools, TheTimeToConnectIsTheirs) {
  ConnectionPoolSettings pool;
  pool.tcp.emplace().connect_timeout = 2s;
  limit(pool);
  sockets_.silent = true;
  Peer& client = asking();
  ASSERT_TRUE(until([&] { return sockets_.targets.size() == 1; }));
  clock_.advance(1s);
  settle();
  EXPECT_EQ(client.received(), "");
  clock_.advance(1s);
  ASSERT_TRUE(until([&] { return client.received().ends_with("connection failure"); }));
}

/// One destination, by a rule of its own for each path.
TEST_F(Pools, ConnectionsAreNotSharedWithOtherLimits) {
  serve(ok());
  TestRule free;
  free.destinations = {{1, {1}}};
  TestRule limited = free;
  limited.pool.emplace().http.emplace().max_requests_per_connection = 1;
  auto& path = limited.matches.emplace_back();
  path.uri = StringMatch{StringMatch::Kind::kExact, "/limited"};
  configure({limited, free});
  Peer& client = connect();
  const std::string get_limited = "GET /limited HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_EQ(answerTo(client, get_limited), kOk);
  EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_EQ(answerTo(client, get_limited), kOk);
  EXPECT_EQ(servers_[0]->connections().size(), 3u) << "each limited request has its own";
  EXPECT_FALSE(upstream().over());
  EXPECT_TRUE(until([&] { return upstream(1).over() && upstream(2).over(); }));
}

TEST_F(Pools, WithoutLimitsNothingWaits) {
  serve();
  routeToServers();
  for (int i = 0; i < 5; ++i) asking();
  EXPECT_TRUE(opened(5));
  EXPECT_EQ(worker_->stats().queued, 0u);
}

}  // namespace
}  // namespace sluice::proxy::test
