// SPDX-License-Identifier: Apache-2.0
// Clients who take their time: none of them holds more than what it has sent, or for longer than a
// head may take.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

class Slow : public WorkerTest {
 protected:
  Slow() { serve(); }
  Peer& server() { return servers_[0]->connection(0); }
};

TEST_F(Slow, HeadsEndInTimeHoweverTheyCome) {
  routeToServers();
  Peer& client = connect();
  const std::string head = kGet.substr(0, 12);
  for (const char byte : head) {
    client.send({&byte, 1});
    settle();
    clock_.advance(5s);
    settle();
  }
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(servers_[0]->connections().empty());
}

// Envoy, and Istio with it: no clock runs for a body that comes.
TEST_F(Slow, BodiesTakeAsLongAsTheyLike) {
  TestRule rule;
  rule.destinations = {{1, {1}}};
  rule.timeout = 5s;
  configure({rule});
  Peer& client = connect();
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n";
  client.send(head);
  ASSERT_EQ(request(), head);
  for (int i = 0; i < 20; ++i) {
    client.send("x");
    ASSERT_TRUE(until([&] { return server().received().size() == head.size() + i + 1; }));
    EXPECT_LE(worker_->stats().lent_buffers, 2u);
    if (i < 19) clock_.advance(1h);
    settle();
  }
  EXPECT_FALSE(client.over());
  clock_.advance(5s);
  ASSERT_TRUE(until([&] { return !client.received().empty(); }));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 504 "));
}

TEST_F(Slow, CrowdsHoldWhatTheyHaveSent) {
  routeToServers();
  constexpr size_t kCrowd = 300;
  for (size_t i = 0; i < kCrowd; ++i) connect();
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == kCrowd; }));
  EXPECT_EQ(worker_->stats().lent_buffers, 0u);
  for (auto& client : clients_) client->send("GET / HTTP/1.1\r\n");
  ASSERT_TRUE(until([&] { return worker_->stats().lent_buffers == kCrowd; }));
  clock_.advance(60s);
  for (auto& client : clients_) ASSERT_TRUE(until([&] { return client->over(); }));
  clock_.advance(2s);  // they are read on, in vain
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
  EXPECT_EQ(worker_->stats().lent_buffers, 0u);
}

TEST_F(Slow, EmptyLinesAreNoRequests) {
  rebuild({.client_idle = 60s});
  routeToServers();
  Peer& client = connect();
  for (int i = 0; i < 12; ++i) {
    client.send("\r\n");
    settle();
    clock_.advance(5s);
    settle();
  }
  EXPECT_TRUE(until([&] { return client.over(); }));
  EXPECT_EQ(worker_->stats().lent_buffers, 0u);
}

}  // namespace
}  // namespace sluice::proxy::test
