// SPDX-License-Identifier: Apache-2.0
// Clients who take their time: none of them holds more than what it has sent, or for longer than a
// head may take.
#include <unistd.h>

#include "tests/unit/proxy/worker_fixture.h"
#include "userspace/proxy/exchange.h"

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
  ASSERT_EQ(log_.entries.size(), 1u);
  EXPECT_EQ(log_.entries[0].status, 408);
  EXPECT_EQ(log_.entries[0].duration, 60s) << "from the first byte";
  EXPECT_EQ(log_.entries[0].host, kHost);
  EXPECT_EQ(responses(4), 1u);
  EXPECT_EQ(worker_->stats().refused_requests, 1u);
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

TEST(Exchange, KeepsNoLargeHeadsForTheNextRequest) {
  Exchange exchange;
  for (auto* text : {&exchange.client_head, &exchange.head_copy, &exchange.logged.target}) {
    text->assign(kBufferBytes, 'x');
    exchange.reset();
    EXPECT_LE(text->capacity(), 4096u);
    text->assign(2000, 'x');
    exchange.reset();
    EXPECT_GE(text->capacity(), 2000u);
    EXPECT_EQ(*text, "");
  }
}

TEST_F(Slow, DescriptorsThatGetScarceAreForThoseWhoHaveFew) {
  const int next = Fd(::dup(STDERR_FILENO)).get();
  rebuild({.scarce_descriptor = next + 20, .connections_per_workload = 2});
  Fd others = listenOn(INADDR_ANY);
  const uint16_t others_port = portOf(others);
  ASSERT_TRUE(worker_
                  ->addListener({.workload = {2},
                                 .socket = std::move(others),
                                 .family = AF_INET,
                                 .port = others_port})
                  .ok());
  TestRule rule;
  rule.destinations = {{1, {1}}};
  auto config = std::make_shared<ProxyConfig>(*configOf({rule}));
  config->workloads[{2}] = {{2}, "other"};
  worker_->setConfig(config);

  // Two descriptors each, one of them here: more than the share, while there are enough.
  while (worker_->stats().refused_connections == 0) {
    const size_t open = worker_->stats().open_connections;
    const Peer& client = connect();
    ASSERT_TRUE(until([&] { return worker_->stats().open_connections > open || client.over(); }));
  }
  EXPECT_GT(worker_->stats().open_connections, 2u);
  EXPECT_TRUE(clients_.back()->over());
  EXPECT_THAT(answerTo(*clients_[0], kGet, "overflow"), testing::StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(log_.entries.back().flags, "UO");
  EXPECT_EQ(worker_->stats().refused_connections, 2u);

  clients_.push_back(std::make_unique<Peer>(connectTo(listener_address(kService), others_port)));
  clients_.back()->send(kGet);
  EXPECT_EQ(request(1), kGet) << "the first one was made, and not used";
  EXPECT_EQ(worker_->stats().refused_connections, 2u);
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
