// SPDX-License-Identifier: Apache-2.0
// What rules do to requests.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

std::string answerNamed(std::string_view name) {
  return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nV: " + std::string(name) + "\r\n\r\nok";
}

class Rules : public WorkerTest {
 protected:
  Server& named(std::string name) {
    return serve([answer = answerNamed(name)](std::string_view) { return answer; });
  }
  static TestRule everythingTo(uint32_t endpoint) {
    TestRule rule;
    rule.destinations = {{1, {endpoint}}};
    return rule;
  }
  static HttpFaultInjection aborting(int status, uint32_t millionths) {
    HttpFaultInjection fault;
    fault.abort = Abort{
        .http_status = status, .grpc_status = {}, .http2_error = {}, .percentage = {millionths}};
    return fault;
  }
  static HttpFaultInjection delaying(std::chrono::nanoseconds delay, uint32_t millionths) {
    HttpFaultInjection fault;
    fault.delay =
        sluice::Delay{.fixed_delay = delay, .exponential_delay = {}, .percentage = {millionths}};
    return fault;
  }
};

TEST_F(Rules, WithoutConfigurationOrRuleIsNotFound) {
  Peer& client = connect();
  EXPECT_TRUE(answerTo(client, kGet, "\r\n\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(log_.entries.at(0).flags, "NR");
  configure({});
  EXPECT_TRUE(answerTo(client, kGet, "\r\n\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(responses(4), 1u);
}

TEST_F(Rules, MissingClusterAndMissingEndpoints) {
  named("v1");
  TestRule rule = everythingTo(1);
  rule.cluster_missing = true;
  configure({rule});
  Peer& client = connect();
  EXPECT_TRUE(answerTo(client, kGet, "\r\n\r\n").starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(log_.entries.at(0).flags, "NC");
  rule.cluster_missing = false;
  rule.destinations = {{1, {}}};
  configure({rule});
  EXPECT_THAT(answerTo(client, kGet, "upstream"), testing::EndsWith("no healthy upstream"));
  EXPECT_EQ(log_.entries.at(1).flags, "UH");
}

TEST_F(Rules, HeaderPicksTheDestinationOfEachRequest) {
  named("v1");
  named("v2");
  TestRule beta = everythingTo(2);
  routing::RequestMatch match;
  match.headers["user-group"] = {StringMatch::Kind::kExact, "beta"};
  beta.matches.push_back(match);
  configure({beta, everythingTo(1)});
  Peer& client = connect();
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(answerTo(client, "GET / HTTP/1.1\r\nHost: a\r\nUser-Group: beta\r\n\r\n"),
                testing::HasSubstr("V: v2"));
    EXPECT_THAT(answerTo(client, kGet), testing::HasSubstr("V: v1"));
  }
  EXPECT_EQ(worker_->stats().upstream_connections, 2u);
  EXPECT_EQ(worker_->stats().upstream_reused, 98u);
}

TEST_F(Rules, WeightsAreDrawnPerRequest) {
  named("v1");
  named("v2");
  TestRule rule;
  rule.destinations = {{90, {1}}, {10, {2}}};
  configure({rule});
  constexpr double kRequests = 2000;
  Peer& client = connect();
  for (int i = 0; i < kRequests; ++i) answerTo(client, kGet);
  const auto first = static_cast<double>(servers_[0]->requests());
  const auto second = static_cast<double>(servers_[1]->requests());
  ASSERT_EQ(first + second, kRequests);
  const double one = first - 0.9 * kRequests, other = second - 0.1 * kRequests;
  const double chi = one * one / (0.9 * kRequests) + other * other / (0.1 * kRequests);
  EXPECT_LT(chi, 10.828);  // 0.1 %, one degree of freedom
}

TEST_F(Rules, ChangeActsOnTheNextRequestOfAnOpenConnection) {
  named("v1");
  named("v2");
  configure({everythingTo(1)});
  Peer& client = connect();
  EXPECT_THAT(answerTo(client, kGet), testing::HasSubstr("V: v1"));
  configure({everythingTo(2)});
  EXPECT_THAT(answerTo(client, kGet), testing::HasSubstr("V: v2"));
}

TEST_F(Rules, CountsByServiceClusterAndEndpoint) {
  named("v1");
  configure({everythingTo(1)});
  Peer& client = connect();
  for (int i = 0; i < 3; ++i) answerTo(client, kGet);
  const auto* cluster = maps::View<Table::kClusterRequests>(tables_).shared(11);
  const auto* endpoint = maps::View<Table::kEndpointRequests>(tables_).shared(1);
  EXPECT_EQ(responses(2), 3u);
  EXPECT_EQ(cluster->requests, 3u);
  EXPECT_EQ(endpoint->responses[2], 3u);
  EXPECT_EQ(endpoint->upstream_connections, 1u);
}

TEST_F(Rules, DelayHoldsItsRequestAlone) {
  named("v1");
  TestRule slow = everythingTo(1);
  routing::RequestMatch jason;
  jason.headers["end-user"] = {StringMatch::Kind::kExact, "jason"};
  slow.matches.push_back(jason);
  slow.fault = delaying(5s, 1'000'000);
  configure({slow, everythingTo(1)});
  Peer& delayed = connect();
  delayed.send("GET /slow HTTP/1.1\r\nHost: a\r\nend-user: jason\r\n\r\n");
  ASSERT_TRUE(until([&] { return worker_->stats().delayed_requests == 1; }));
  Peer& other = connect();
  EXPECT_EQ(answerTo(other, kGet), answerNamed("v1"));
  clock_.advance(4999ms);
  settle();
  EXPECT_EQ(delayed.received(), "");
  clock_.advance(1ms);
  EXPECT_TRUE(receives(delayed, answerNamed("v1")));
  EXPECT_EQ(log_.entries.at(1).flags, "DI");
}

TEST_F(Rules, ClientMayLeaveDuringADelay) {
  named("v1");
  TestRule slow = everythingTo(1);
  slow.fault = delaying(5s, 1'000'000);
  configure({slow});
  Peer& client = connect();
  client.send(kGet);
  ASSERT_TRUE(until([&] { return worker_->stats().delayed_requests == 1; }));
  client.reset();
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
  clock_.advance(5s);
  settle();
  EXPECT_EQ(servers_[0]->requests(), 0u);
}

TEST_F(Rules, AbortAnswersItsShare) {
  named("v1");
  TestRule rule = everythingTo(1);
  rule.fault = aborting(503, 500'000);
  configure({rule});
  Peer& client = connect();
  int aborted = 0;
  for (int i = 0; i < 400; ++i) {
    client.received().clear();
    client.send(kGet);
    until([&] {
      return client.received().ends_with("ok") || client.received().ends_with("fault filter abort");
    });
    aborted += client.received().starts_with("HTTP/1.1 503 ") ? 1 : 0;
  }
  EXPECT_NEAR(aborted, 200, 66);  // 6.6 sigma
  EXPECT_EQ(worker_->stats().aborted_requests, static_cast<uint64_t>(aborted));
}

TEST_F(Rules, AbortOfHeadHasNoBody) {
  TestRule rule;
  rule.fault = aborting(418, 1'000'000);
  rule.destinations = {{1, {}}};
  configure({rule});
  Peer& client = connect();
  const auto answer = answerTo(client, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n");
  EXPECT_THAT(answer, testing::HasSubstr("content-length: 18\r\n"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 418 "));
}

TEST_F(Rules, TimeoutStartsWhenTheRequestIsComplete) {
  serve();
  TestRule rule = everythingTo(1);
  rule.timeout = 2s;
  configure({rule});
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
  request();
  clock_.advance(10s);
  settle();
  EXPECT_EQ(client.received(), "");
  client.send("b");
  ASSERT_TRUE(until([&] { return servers_[0]->connection(0).received().ends_with("ab"); }));
  clock_.advance(2s);
  ASSERT_TRUE(until([&] { return client.received().ends_with("upstream request timeout"); }));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 504 "));
  EXPECT_TRUE(until([&] { return servers_[0]->connection(0).over(); }));
  EXPECT_EQ(log_.entries.at(0).flags, "UT");
}

TEST_F(Rules, TimeoutDoesNotOutliveItsRequest) {
  named("v1");
  TestRule rule = everythingTo(1);
  rule.timeout = 2s;
  configure({rule});
  Peer& client = connect();
  answerTo(client, kGet);
  clock_.advance(3s);
  EXPECT_EQ(answerTo(client, kGet), answerNamed("v1"));
}

TEST_F(Rules, AnswersWithBodyStillToComeCloseTheConnection) {
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  ASSERT_TRUE(until([&] { return client.ended(); }));
  EXPECT_THAT(client.received(), testing::HasSubstr("connection: close\r\n"));
}

}  // namespace
}  // namespace sluice::proxy::test
