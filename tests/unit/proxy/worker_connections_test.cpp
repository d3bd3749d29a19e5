// SPDX-License-Identifier: Apache-2.0
// Clients' connections: where they come from, what is refused, how they end.
#include <sys/epoll.h>

#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using namespace std::string_literals;

class Connections : public WorkerTest {
 protected:
  Connections() {
    serve([](std::string_view) { return kOk; });
    routeToServers();
  }

  /// Its request has reached a server that does not answer by itself.
  Peer& awaitingItsAnswer() {
    servers_.clear();
    serve();
    routeToServers();
    Peer& active = connect();
    active.send(kGet);
    request();
    return active;
  }
};

TEST_F(Connections, AddressOutsideTheListenerNetIsReset) {
  clients_.push_back(std::make_unique<Peer>(connectTo(INADDR_LOOPBACK, port_)));
  ASSERT_TRUE(until([&] { return clients_.back()->over(); }));
  EXPECT_TRUE(clients_.back()->wasReset());
  EXPECT_EQ(worker_->stats().reset_unknown_destination, 1u);
}

TEST_F(Connections, Ipv6ServiceComesFromTheTableOnce) {
  Fd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (!listener || ::bind(listener.get(), generic, sizeof(address)) != 0) {
    GTEST_SKIP() << "no IPv6 on loopback";
  }
  ::listen(listener.get(), 16);
  socklen_t size = sizeof(address);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  Fd client(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ::connect(client.get(), generic, sizeof(address));
  sockaddr_in6 local{};
  ::getsockname(client.get(), reinterpret_cast<sockaddr*>(&local), &size);

  maps::View<Table::kOriginalDestinations> table(tables_);
  origdst_key key{.workload = 1,
                  .client = {},
                  .client_port = local.sin6_port,
                  .listener_port = address.sin6_port,
                  .pad = 0};
  std::memcpy(key.client, &local.sin6_addr, 16);
  ASSERT_TRUE(table.put(key, {.address = {}, .port = 0, .pad = 0, .service = kService}).ok());
  ASSERT_TRUE(worker_
                  ->addListener({.workload = {1},
                                 .socket = std::move(listener),
                                 .family = AF_INET6,
                                 .port = ntohs(address.sin6_port)})
                  .ok());
  clients_.push_back(std::make_unique<Peer>(std::move(client)));
  EXPECT_EQ(answerTo(*clients_.back(), kGet), kOk);
  EXPECT_FALSE(table.get(key).ok());

  Fd stranger(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ::connect(stranger.get(), generic, sizeof(address));
  clients_.push_back(std::make_unique<Peer>(std::move(stranger)));
  ASSERT_TRUE(until([&] { return clients_.back()->over(); }));
  EXPECT_EQ(worker_->stats().reset_unknown_destination, 1u);
}

TEST_F(Connections, RefusedRequestsNeverReachAServer) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"400", "GET / HTTP/1.1\nHost: a\n\n"},
      {"400", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"},
      {"400",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"501", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
      {"501", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n"},
      {"400", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
      {"400", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx"},
      {"400", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n"},
      {"400",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\n\na\r\n0\r\n\r\n"},
      {"400",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
       "Content-Length: 5\r\n\r\n"},
      {"400", "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"},
      {"400", "GET / HTTP/1.1\r\n\r\n"},
      {"400", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"400", "GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n"s},
      {"400", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\n\r\n"},
      {"501", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"},
      {"505", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"400", "\x16\x03\x01\x02"},
      {"431", "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(70000, 'a') + "\r\n\r\n"}};
  for (const auto& [status, request] : table) {
    Peer& client = connect();
    client.send(request);
    ASSERT_TRUE(until([&] { return client.over(); })) << request;
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 " + status + " ")) << request;
    EXPECT_EQ(log_.entries.back().flags, "DPE");
  }
  EXPECT_EQ(servers_[0]->connections().size(), 0u);
  EXPECT_EQ(worker_->stats().not_http1, 1u);
  EXPECT_EQ(worker_->stats().refused_requests, table.size() - 1);
}

TEST_F(Connections, LogSaysOfARequestWhatItSaidAndNothingOfTheOneBefore) {
  Peer& client = connect();
  client.send("GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n");
  ASSERT_TRUE(until([&] { return !log_.entries.empty(); }));
  EXPECT_EQ(log_.entries[0].target, "/a");
  EXPECT_EQ(log_.entries[0].protocol, "HTTP/1.1");
  EXPECT_EQ(log_.entries[0].user_agent, "x");
  client.send("no request\r\n\r\n");
  ASSERT_TRUE(until([&] { return log_.entries.size() == 2; }));
  EXPECT_EQ(log_.entries[1].method, "");
  EXPECT_EQ(log_.entries[1].user_agent, "");
}

TEST_F(Connections, BadChunkInMidRequestResetsTheServersConnection) {
  servers_.clear();
  serve();
  routeToServers();
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  request();
  client.send("zz\r\n");
  ASSERT_TRUE(until([&] { return client.ended(); }));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 400 "));
  ASSERT_TRUE(until([&] { return servers_[0]->connection(0).over(); }));
  EXPECT_TRUE(servers_[0]->connection(0).wasReset());
}

TEST_F(Connections, CloseIsHonouredAndNotPassedOn) {
  Peer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_EQ(client.received(),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_EQ(worker_->stats().idle_upstreams, 1u);
}

TEST_F(Connections, IdleAndSlowClientsExpire) {
  Peer& idle = connect();
  Peer& slow = connect();
  slow.send("GET / HT");
  ASSERT_TRUE(until([&] { return worker_->stats().lent_buffers == 1; }));
  clock_.advance(60s);
  ASSERT_TRUE(until([&] { return slow.ended(); }));
  EXPECT_TRUE(slow.received().starts_with("HTTP/1.1 408 "));
  EXPECT_FALSE(idle.over());
  EXPECT_EQ(worker_->stats().idle_timeouts, 0u);
  clock_.advance(1h);
  EXPECT_TRUE(until([&] { return idle.over(); }));
  EXPECT_EQ(worker_->stats().idle_timeouts, 1u);
}

TEST_F(Connections, DrainFinishesWhatRuns) {
  servers_.clear();
  serve();
  routeToServers();
  Peer& idle = connect();
  Peer& active = connect();
  active.send(kGet);
  request();
  bool done = false;
  worker_->drain(5s, [&] { done = true; });
  ASSERT_TRUE(until([&] { return idle.over(); }));
  EXPECT_FALSE(done);
  servers_[0]->connection(0).send(kOk);
  ASSERT_TRUE(until([&] { return active.over() && done; }));
  EXPECT_THAT(active.received(), testing::HasSubstr("Connection: close\r\n"));
}

TEST_F(Connections, DrainEndsAtItsDeadline) {
  Peer& active = awaitingItsAnswer();
  bool done = false;
  worker_->drain(5s, [&] { done = true; });
  settle();
  EXPECT_FALSE(done);
  clock_.advance(5s);
  ASSERT_TRUE(until([&] { return active.over() && done; }));
}

TEST_F(Connections, AreListed) {
  Peer& client = connect();
  answerTo(client, kGet);
  const auto list = worker_->connections();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].service, ServiceId{kService});
  EXPECT_STREQ(list[0].state, "idle");
  EXPECT_EQ(list[0].requests, 1u);
}

TEST_F(Connections, RemovedListenerKeepsItsConnections) {
  Peer& client = connect();
  answerTo(client, kGet);
  worker_->removeListener({1});
  EXPECT_EQ(answerTo(client, kGet), kOk);
}

TEST_F(Connections, OfAWorkloadThatLeavesEndBehindTheirNextResponse) {
  Peer& keeps = connect();
  answerTo(keeps, kGet);
  worker_->leave({1}, 20s);
  settle();
  EXPECT_FALSE(keeps.over()) << "its next request may be on its way";
  keeps.send(kGet);
  ASSERT_TRUE(until([&] { return keeps.over(); }));
  EXPECT_THAT(keeps.received(), testing::HasSubstr("Connection: close\r\n"));
}

TEST_F(Connections, OfAWorkloadThatLeavesAreClosedWhenTheyStayIdle) {
  Peer& idle = connect();
  answerTo(idle, kGet);
  Peer& active = awaitingItsAnswer();
  worker_->leave({1}, 20s);
  clock_.advance(19s);
  settle();
  EXPECT_FALSE(idle.over());
  clock_.advance(1s);
  ASSERT_TRUE(until([&] { return idle.over(); }));
  settle();
  EXPECT_FALSE(active.over()) << "whatever it takes";
}

TEST_F(Connections, OfAWorkloadThatComesBackOrOfAnotherOneStay) {
  Peer& client = connect();
  answerTo(client, kGet);
  worker_->leave({2}, 20s);
  clock_.advance(20s);
  EXPECT_EQ(answerTo(client, kGet), kOk);
  worker_->leave({1}, 20s);
  listen();
  clock_.advance(20s);
  EXPECT_EQ(answerTo(client, kGet), kOk);
}

TEST_F(Connections, RetiringAnswersOnceMoreAndSaysThatItCloses) {
  Peer& keeps = connect();
  answerTo(keeps, kGet);
  bool done = false;
  worker_->stopAccepting();
  worker_->retire(20s, 60s, [&] { done = true; });
  settle();
  EXPECT_FALSE(keeps.over()) << "its next request may be on its way";
  EXPECT_FALSE(done);
  keeps.send(kGet);
  ASSERT_TRUE(until([&] { return keeps.over() && done; }));
  EXPECT_THAT(keeps.received(), testing::HasSubstr("Connection: close\r\n"));
}

TEST_F(Connections, RetiringLeavesAConnectionWhoseResponseHadBegunForOneMore) {
  Peer& active = awaitingItsAnswer();
  servers_[0]->connection(0).send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
  ASSERT_TRUE(until([&] { return active.received().ends_with("\r\n\r\no"); }));
  bool done = false;
  worker_->stopAccepting();
  worker_->retire(20s, 60s, [&] { done = true; });
  settle();
  servers_[0]->connection(0).send("k");
  ASSERT_TRUE(until([&] { return active.received().ends_with("ok"); }));
  settle();
  EXPECT_FALSE(active.over()) << "it was not told";
  EXPECT_FALSE(done);
}

TEST_F(Connections, RetiringClosesWhatStaysIdle) {
  Peer& idle = connect();
  answerTo(idle, kGet);
  bool done = false;
  worker_->stopAccepting();
  worker_->retire(20s, 60s, [&] { done = true; });
  clock_.advance(19s);
  settle();
  EXPECT_FALSE(idle.over());
  clock_.advance(1s);
  ASSERT_TRUE(until([&] { return idle.over() && done; }));
}

TEST_F(Connections, RetiringGoesOnAcceptingWhereItWasNotStopped) {
  bool done = false;
  worker_->retire(20s, 60s, [&] { done = true; });
  settle();
  EXPECT_FALSE(done);
  Peer& late = connect();
  late.send(kGet);
  ASSERT_TRUE(until([&] { return late.over(); }));
  EXPECT_THAT(late.received(), testing::HasSubstr("Connection: close\r\n"));
  clock_.advance(20s);
  ASSERT_TRUE(until([&] { return done; }));
}

TEST_F(Connections, RetiringEndsAtItsDeadline) {
  Peer& active = awaitingItsAnswer();
  bool done = false;
  worker_->stopAccepting();
  worker_->retire(20s, 60s, [&] { done = true; });
  clock_.advance(20s);
  settle();
  clock_.advance(39s);
  settle();
  EXPECT_FALSE(done);
  clock_.advance(1s);
  ASSERT_TRUE(until([&] { return active.over() && done; }));
}

}  // namespace
}  // namespace sluice::proxy::test
