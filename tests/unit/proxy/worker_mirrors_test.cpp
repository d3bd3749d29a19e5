// SPDX-License-Identifier: Apache-2.0
// Copies of requests.
#include <unistd.h>

#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

constexpr uint32_t kAlways = 1'000'000;

class Mirroring : public WorkerTest {
 protected:
  /// Everything to server 1, copies to servers 2, 3, …, each for its share.
  TestRule ruleWith(const std::vector<uint32_t>& shares) {
    TestRule rule;
    rule.destinations = {{1, {1}}};
    for (uint32_t i = 0; i < shares.size(); ++i) rule.mirrors.push_back({{i + 2}, {shares[i]}});
    return rule;
  }
  Server& answering() {
    return serve([](std::string_view) { return kOk; });
  }
  bool idle() {
    return until([&] { return worker_->stats().mirrors_in_flight == 0; });
  }
  const std::string post_ = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
};

TEST_F(Mirroring, ACopyOfTheRequestAsItsServerGetsIt) {
  answering();
  serve();
  auto rule = ruleWith({kAlways});
  rule.headers.request.set = {{"x-new", "1"}};
  configure({rule});
  EXPECT_EQ(answerTo(connect(), kGet), kOk);
  EXPECT_EQ(request(0, 1), "GET / HTTP/1.1\r\nHost: a\r\nx-new: 1\r\n\r\n");
  EXPECT_EQ(worker_->stats().mirrored, 1u);
}

TEST_F(Mirroring, AnswersOfMirrorsAreDroppedAndTheirConnectionsKept) {
  answering();
  Server& mirror = serve([](std::string_view) {
    return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nbad";
  });
  configure({ruleWith({kAlways})});
  Peer& client = connect();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(answerTo(client, kGet), kOk);
    ASSERT_TRUE(idle());
  }
  EXPECT_EQ(mirror.requests(), 5u);
  EXPECT_EQ(mirror.connections().size(), 1u);
  EXPECT_EQ(worker_->stats().mirror_failures, 0u);
  const auto* cluster = maps::View<Table::kClusterRequests>(tables_).shared(101);
  EXPECT_EQ(cluster->responses[5], 5u);
}

TEST_F(Mirroring, EachMirrorGetsItsShare) {
  answering();
  Server& all = answering();
  Server& quarter = answering();
  configure({ruleWith({kAlways, kAlways / 4})});
  Peer& client = connect();
  for (int i = 0; i < 400; ++i) answerTo(client, kGet);
  ASSERT_TRUE(idle());
  EXPECT_EQ(all.requests(), 400u);
  EXPECT_NEAR(static_cast<double>(quarter.requests()), 100, 57);  // 6.6 sigma
}

TEST_F(Mirroring, BodiesThatComeInPiecesAreCopiedWhole) {
  serve();
  serve();
  configure({ruleWith({kAlways})});
  Peer& client = connect();
  client.send(post_.substr(0, post_.size() - 1));
  ASSERT_FALSE(request(0, 0).empty());
  settle();
  EXPECT_TRUE(servers_[1]->connections().empty());
  client.send("i");
  EXPECT_EQ(request(0, 1).substr(0, post_.size() - 2), post_.substr(0, post_.size() - 2));
  EXPECT_TRUE(until([&] { return servers_[1]->connection(0).received() == post_; }));
}

TEST_F(Mirroring, BodiesLargerThanTheBufferAreNotCopied) {
  serve();
  answering();
  configure({ruleWith({kAlways})});
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
  client.send(std::string(200000, 'x'));
  ASSERT_TRUE(until([&] { return worker_->stats().mirrors_unbuffered == 1; }));
  servers_[0]->connection(0).send(kOk);
  EXPECT_TRUE(receives(client, kOk));
  EXPECT_TRUE(servers_[1]->connections().empty());
}

TEST_F(Mirroring, ARequestThatIsSentTwiceIsCopiedOnce) {
  int tries = 0;
  serve([&tries](std::string_view) {
    return ++tries == 1 ? "HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\nno" : kOk;
  });
  Server& mirror = answering();
  auto rule = ruleWith({kAlways});
  rule.retries.emplace().attempts = 1;
  rule.retries->retry_on = "503";
  configure({rule});
  EXPECT_EQ(answerInTime(connect(), kGet), kOk);
  ASSERT_TRUE(idle());
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(mirror.requests(), 1u);
}

TEST_F(Mirroring, MirrorsThatAreDownHarmNobody) {
  answering();
  answering().stopListening();
  serve();
  configure({ruleWith({kAlways, kAlways})});
  EXPECT_EQ(answerTo(connect(), kGet), kOk);
  ASSERT_FALSE(request(0, 2).empty());
  servers_[2]->connection(0).reset();
  ASSERT_TRUE(idle());
  EXPECT_EQ(worker_->stats().mirror_failures, 2u);
  EXPECT_EQ(log_.entries.at(0).flags, "-");
}

TEST_F(Mirroring, MirrorsWithoutEndpointsOrClusterAreSkipped) {
  answering();
  auto rule = ruleWith({});
  rule.mirrors = {{0, {kAlways}}};
  configure({rule});
  EXPECT_EQ(answerTo(connect(), kGet), kOk);
  EXPECT_EQ(worker_->stats().mirrored, 0u);
}

TEST_F(Mirroring, SilentMirrorsAreGivenUp) {
  answering();
  serve();
  auto rule = ruleWith({kAlways});
  configure({rule});
  EXPECT_EQ(answerTo(connect(), kGet), kOk);
  ASSERT_FALSE(request(0, 1).empty());
  clock_.advance(WorkerOptions{}.mirror_timeout);
  ASSERT_TRUE(idle());
  rule.timeout = 2s;
  configure({rule});
  EXPECT_EQ(answerTo(connect(), kGet), kOk);
  ASSERT_FALSE(request(1, 1).empty());
  clock_.advance(2s);
  ASSERT_TRUE(idle());
  EXPECT_EQ(worker_->stats().mirror_failures, 2u);
}

TEST_F(Mirroring, OnlySoManyAtOnce) {
  WorkerOptions options;
  options.mirrored_requests = 2;
  rebuild(options);
  answering();
  serve();
  configure({ruleWith({kAlways})});
  Peer& client = connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_EQ(worker_->stats().mirrors_in_flight, 2u);
  EXPECT_EQ(worker_->stats().mirrors_dropped, 1u);
}

TEST_F(Mirroring, NotMoreAtOnceThanTheirDestinationTakes) {
  answering();
  serve();
  auto rule = ruleWith({kAlways});
  rule.mirror_pool.emplace().http.emplace().http2_max_requests = 2;
  configure({rule});
  Peer& client = connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_EQ(worker_->stats().mirrors_in_flight, 2u);
  EXPECT_EQ(worker_->stats().mirrors_dropped, 1u);
  EXPECT_EQ(pools_.of("101")->overflows, 1u);
  EXPECT_EQ(pools_.of("101")->requests, 2u);
}

TEST_F(Mirroring, NotMoreConnectionsThanTheirDestinationTakes) {
  answering();
  Server& mirror = serve();
  auto rule = ruleWith({kAlways});
  rule.mirror_pool.emplace().tcp.emplace().max_connections = 1;
  configure({rule});
  Peer& client = connect();
  EXPECT_EQ(answerTo(client, kGet), kOk);
  ASSERT_TRUE(until([&] { return mirror.connections().size() == 1; }));
  EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_TRUE(until([&] { return worker_->stats().mirror_failures == 1; }));
  EXPECT_EQ(mirror.connections().size(), 1u);
  EXPECT_EQ(pools_.of("101")->overflows, 1u);
}

TEST_F(Mirroring, ConnectionsToMirrorsTakeNotMoreRequestsThanTheyMay) {
  answering();
  Server& mirror = answering();
  auto rule = ruleWith({kAlways});
  rule.mirror_pool.emplace().http.emplace().max_requests_per_connection = 2;
  configure({rule});
  Peer& client = connect();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(answerTo(client, kGet), kOk);
    ASSERT_TRUE(idle());
  }
  EXPECT_EQ(mirror.requests(), 5u);
  EXPECT_EQ(mirror.connections().size(), 3u);
}

TEST_F(Mirroring, ConnectionsThatAreNotMadeInTimeAreGivenUp) {
  answering();
  serve();
  configure({ruleWith({})});
  Peer& client = connect();
  EXPECT_EQ(answerTo(client, kGet), kOk);
  configure({ruleWith({kAlways})});
  sockets_.silent = true;
  EXPECT_EQ(answerTo(client, kGet), kOk);
  ASSERT_TRUE(until([&] { return sockets_.targets.size() == 2; }));
  clock_.advance(WorkerOptions{}.connect_timeout);
  ASSERT_TRUE(idle());
  EXPECT_EQ(worker_->stats().mirror_failures, 1u);
}

TEST_F(Mirroring, DescriptorsThatAreScarceAreKeptFromCopiesToo) {
  const int scarce = Fd(::dup(STDERR_FILENO)).get() + 40;
  rebuild({.scarce_descriptor = scarce, .connections_per_workload = 0});
  answering();
  Server& mirror = serve();
  configure({ruleWith({})});
  Peer& client = connect();
  EXPECT_EQ(answerTo(client, kGet), kOk);
  std::vector<Fd> taken;
  do taken.emplace_back(::dup(STDERR_FILENO));
  while (taken.back().get() < scarce);
  configure({ruleWith({kAlways})});
  EXPECT_EQ(answerTo(client, kGet), kOk);
  ASSERT_TRUE(until([&] { return worker_->stats().mirror_failures == 1; }));
  EXPECT_EQ(worker_->stats().refused_connections, 1u);
  EXPECT_EQ(mirror.requests(), 0u);
}

TEST_F(Mirroring, OnlySoManyBytesAtOnce) {
  WorkerOptions options;
  options.mirrored_bytes = kGet.size() * 2 - 1;
  rebuild(options);
  answering();
  serve();
  configure({ruleWith({kAlways})});
  Peer& client = connect();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(answerTo(client, kGet), kOk);
  EXPECT_EQ(worker_->stats().mirrors_dropped, 1u);
}

TEST_F(Mirroring, TheWorkerMayEndBeforeItsCopies) {
  answering();
  serve();
  configure({ruleWith({kAlways})});
  EXPECT_EQ(answerTo(connect(), kGet), kOk);
  ASSERT_FALSE(request(0, 1).empty());
  worker_.reset();
  EXPECT_TRUE(until([&] { return servers_[1]->connection(0).over(); }));
}

TEST_F(Mirroring, TheWorkerMayEndWhileCopiesConnect) {
  answering();
  serve();
  configure({ruleWith({})});
  Peer& client = connect();
  EXPECT_EQ(answerTo(client, kGet), kOk);
  auto rule = ruleWith({kAlways});
  rule.mirror_pool.emplace().tcp.emplace().max_connections = 1;
  configure({rule});
  sockets_.silent = true;
  EXPECT_EQ(answerTo(client, kGet), kOk);
  ASSERT_TRUE(until([&] { return sockets_.targets.size() == 2; }));
  worker_.reset();
  settle();
  EXPECT_EQ(pools_.of("101")->connections, 0u);
}

}  // namespace
}  // namespace sluice::proxy::test
