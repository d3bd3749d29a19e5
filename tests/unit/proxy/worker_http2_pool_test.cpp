// SPDX-License-Identifier: Apache-2.0
// What a connection pool says of connections of HTTP/2 to servers.
#include "tests/unit/proxy/http2_fixture.h"

namespace sluice::proxy::test {
namespace {

class Http2Pools : public Http2Test {
 protected:
  /// Where `change` has put what the test is about.
  template <typename Change>
  void limit(const Change& change) {
    ConnectionPoolSettings pool;
    pool.tcp.emplace();
    change(*pool.tcp, pool.http.emplace());
    serve();
    routeAsHttp2(pool);
  }

  /// A request over connection `index` of the server, and its answer.
  void exchange(Http2Peer& end, size_t index) {
    const auto id = end.get("/");
    auto& backend = server(index);
    ASSERT_TRUE(until([&] { return open(backend).size() == 1; }));
    backend.respond(open(backend).front(), {{":status", "200"}}, false);
    ASSERT_TRUE(until([&] { return end.message(id).closed; }));
    EXPECT_EQ(end.message(id).get(":status"), "200");
  }

  /// Streams that wait for their answer.
  static std::vector<int32_t> open(Http2Peer& backend) {
    std::vector<int32_t> ids;
    for (const auto& [id, message] : backend.messages())
      if (!message.head.empty() && !message.closed) ids.push_back(id);
    return ids;
  }

  size_t connections() { return servers_[0]->connections().size(); }
};

TEST_F(Http2Pools, AConnectionTakesNotMoreRequestsThanItMay) {
  limit([](auto&, auto& http) { http.max_requests_per_connection = 2; });
  auto& end = client();
  for (const size_t index : {0, 0, 1, 1, 2}) exchange(end, index);
  EXPECT_EQ(connections(), 3u);
  EXPECT_TRUE(until([&] { return servers_[0]->connection(0).over(); }));
}

TEST_F(Http2Pools, ConnectionsHaveALongestLife) {
  limit([](auto& tcp, auto&) { tcp.max_connection_duration = 10s; });
  auto& end = client();
  exchange(end, 0);
  clock_.advance(9s);
  exchange(end, 0);
  clock_.advance(1s);
  exchange(end, 1);
  EXPECT_TRUE(until([&] { return servers_[0]->connection(0).over(); }));
}

TEST_F(Http2Pools, IdleConnectionsAreClosedInTheirOwnTime) {
  limit([](auto&, auto& http) { http.idle_timeout = 30s; });
  exchange(client(), 0);
  clock_.advance(29s);
  settle();
  EXPECT_FALSE(servers_[0]->connection(0).over());
  clock_.advance(1s);
  EXPECT_TRUE(until([&] { return servers_[0]->connection(0).over(); }));
}

TEST_F(Http2Pools, MoreRequestsAtOnceTakeMoreConnections) {
  limit([](auto&, auto& http) { http.max_concurrent_streams = 2; });
  auto& end = client();
  for (int i = 0; i < 3; ++i) end.get("/");
  ASSERT_TRUE(until([&] { return connections() == 2; }));
  ASSERT_TRUE(until([&] { return open(server(0)).size() == 2 && open(server(1)).size() == 1; }));
  settle();
  EXPECT_EQ(connections(), 2u);
}

TEST_F(Http2Pools, MoreRequestsThanAllowedAreRefused) {
  limit([](auto&, auto& http) { http.http2_max_requests = 1; });
  auto& end = client();
  end.get("/");
  requestAt(server());
  const auto second = end.get("/");
  ASSERT_TRUE(until([&] { return end.message(second).closed; }));
  EXPECT_EQ(end.message(second).get(":status"), "503");
  EXPECT_EQ(worker_->stats().overflows, 1u);
}

TEST_F(Http2Pools, MoreRequestsThanMayWaitForAConnectionAreRefused) {
  limit([](auto&, auto& http) { http.http1_max_pending_requests = 2; });
  sockets_.silent = true;
  auto& end = client();
  const std::vector<int32_t> waiting{end.get("/"), end.get("/")};
  const auto third = end.get("/");
  ASSERT_TRUE(until([&] { return end.message(third).closed; }));
  EXPECT_EQ(end.message(third).get(":status"), "503");
  EXPECT_EQ(end.message(third).get("x-envoy-overloaded"), "true");
  for (const auto id : waiting) EXPECT_FALSE(end.message(id).closed);
  EXPECT_EQ(worker_->stats().overflows, 1u);
}

TEST_F(Http2Pools, WhatHasItsConnectionWaitsNoMore) {
  limit([](auto&, auto& http) { http.http1_max_pending_requests = 1; });
  auto& end = client();
  for (size_t count = 1; count <= 3; ++count) {
    end.get("/");
    ASSERT_TRUE(until([&] { return open(server(0)).size() == count; }));
  }
  EXPECT_EQ(worker_->stats().overflows, 0u);
}

TEST_F(Http2Pools, WhoWaitsForAnothersConnectionWaitsAsLong) {
  limit([](auto& tcp, auto&) { tcp.connect_timeout = 30s; });
  sockets_.silent = true;
  auto& end = client();
  for (int i = 0; i < 2; ++i) end.get("/");
  ASSERT_TRUE(until([&] { return sockets_.targets.size() == 1; }));
  settle();
  clock_.advance(29s);
  settle();
  EXPECT_EQ(worker_->stats().retries, 0u);
  clock_.advance(1s);
  EXPECT_TRUE(until([&] { return worker_->stats().retries == 2; }));
}

TEST_F(Http2Pools, WhoHasToConnectItselfInTheEndWaitsNotLonger) {
  limit([](auto& tcp, auto&) { tcp.connect_timeout = 30s; });
  sockets_.silent = true;
  auto& end = client();
  end.get("/");
  ASSERT_TRUE(until([&] { return sockets_.targets.size() == 1; }));
  clock_.advance(20s);
  end.get("/");
  ASSERT_TRUE(until([&] { return worker_->stats().requests == 2; }));
  clock_.advance(10s);
  ASSERT_TRUE(until([&] { return sockets_.targets.size() == 2; }));
  EXPECT_EQ(worker_->stats().retries, 1u);
  clock_.advance(20s);
  EXPECT_TRUE(until([&] { return worker_->stats().retries == 2; }));
}

TEST_F(Http2Pools, AServerThatAnswersPingsIsKept) {
  limit([](auto&, auto& http) { http.http2_keep_alive = Http2Keepalive{10s, 2s}; });
  auto& end = client();
  exchange(end, 0);
  for (int i = 0; i < 3; ++i) {
    clock_.advance(10s);
    settle();
  }
  exchange(end, 0);
  EXPECT_EQ(connections(), 1u);
}

TEST_F(Http2Pools, AServerThatAnswersNoPingIsGivenUp) {
  limit([](auto&, auto& http) { http.http2_keep_alive = Http2Keepalive{10s, 2s}; });
  auto& end = client();
  const auto id = end.get("/");
  requestAt(server());
  server().peer().stall(true);
  clock_.advance(10s);
  settle();
  clock_.advance(1999ms);
  settle();
  EXPECT_FALSE(end.message(id).closed);
  clock_.advance(1ms);
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).get(":status"), "503");
}

}  // namespace
}  // namespace sluice::proxy::test
