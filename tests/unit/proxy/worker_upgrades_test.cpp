// SPDX-License-Identifier: Apache-2.0
// Connections that are upgraded to another protocol.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

const std::string kUpgrade =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
const std::string kSwitched =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";

class Upgrades : public WorkerTest {
 protected:
  Upgrades() {
    serve();
    routeToServers();
  }
  Peer& server(size_t index = 0) { return servers_[0]->connection(index); }
};

TEST_F(Upgrades, BecomeATunnelWithHalfClose) {
  Peer& client = connect();
  client.send(kUpgrade + "early");
  ASSERT_TRUE(until([&] { return !request().empty(); }));
  EXPECT_EQ(server().received(), kUpgrade);
  server().send(kSwitched + "down");
  ASSERT_TRUE(receives(client, kSwitched + "down"));
  ASSERT_TRUE(receives(server(), kUpgrade + "early"));
  client.send("GET / nothing\n");
  client.finish();
  ASSERT_TRUE(until([&] { return server().ended(); }));
  EXPECT_EQ(server().received(), kUpgrade + "earlyGET / nothing\n");
  server().send("last words");
  server().finish();
  ASSERT_TRUE(until([&] { return client.ended(); }));
  EXPECT_EQ(client.received(), kSwitched + "downlast words");
  EXPECT_EQ(worker_->stats().open_connections, 0u);
}

TEST_F(Upgrades, WhoResetsTheTunnelIsInTheLog) {
  for (size_t i = 0; i < 2; ++i) {
    Peer& client = connect();
    client.send(kUpgrade);
    ASSERT_FALSE(request(i).empty());
    server(i).send(kSwitched);
    ASSERT_TRUE(receives(client, kSwitched));
    (i == 0 ? client : server(i)).reset();
    EXPECT_TRUE(until([&] { return (i == 0 ? server(i) : client).wasReset(); }));
  }
  ASSERT_EQ(log_.entries.size(), 2u);
  EXPECT_EQ(log_.entries[0].flags, "DC");
  EXPECT_EQ(log_.entries[1].flags, "UC");
  for (const auto& entry : log_.entries) EXPECT_EQ(entry.status, 101);
  EXPECT_EQ(worker_->stats().client_aborts, 1u);
  EXPECT_EQ(worker_->stats().upstream_resets, 1u);
}

TEST_F(Upgrades, HaveNoTimeout) {
  TestRule rule;
  rule.destinations = {{1, {1}}};
  rule.timeout = 1s;
  configure({rule});
  Peer& client = connect();
  client.send(kUpgrade);
  ASSERT_TRUE(until([&] { return !request().empty(); }));
  server().send(kSwitched);
  ASSERT_TRUE(receives(client, kSwitched));
  clock_.advance(std::chrono::hours(24));
  settle();
  server().send("still here");
  EXPECT_TRUE(receives(client, kSwitched + "still here"));
}

}  // namespace
}  // namespace sluice::proxy::test
