// SPDX-License-Identifier: Apache-2.0
// Requests that go out again, and how long they may take.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

std::string status(int code, std::string_view body = "no") {
  return "HTTP/1.1 " + std::to_string(code) +
         " x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

class Retries : public WorkerTest {
 protected:
  /// Answers in turn, then with kOk.
  Server& scripted(std::deque<std::string> answers) {
    return serve([answers = std::move(answers)](std::string_view) mutable {
      if (answers.empty()) return kOk;
      std::string next = answers.front();
      answers.pop_front();
      return next;
    });
  }

  static HttpRetry retries(int attempts, std::string on) {
    HttpRetry retry;
    retry.attempts = attempts;
    retry.retry_on = std::move(on);
    return retry;
  }

  TestRule ruleWith(const HttpRetry& retry) {
    TestRule rule;
    std::vector<uint32_t> ids;
    for (uint32_t id = 1; id <= servers_.size(); ++id) ids.push_back(id);
    rule.destinations = {{1, ids}};
    rule.retries = retry;
    return rule;
  }

  void routeWith(int attempts, const std::string& on) {
    configure({ruleWith(retries(attempts, on))});
  }

  const std::string post_ = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
};

TEST_F(Retries, AnswersThatTheRuleNames) {
  Server& server = scripted({status(503), status(500)});
  routeWith(3, "5xx");
  EXPECT_EQ(answerInTime(connect(), kGet), kOk);
  EXPECT_EQ(server.requests(), 3u);
  EXPECT_EQ(log_.entries.at(0).flags, "-");
  EXPECT_EQ(worker_->stats().retries, 2u);
  EXPECT_EQ(worker_->stats().upstream_connections, 1u) << "an answer that is here whole is no harm";
}

TEST_F(Retries, OtherAnswersAreTheClients) {
  Server& server = scripted({status(404)});
  routeWith(3, "5xx");
  EXPECT_EQ(answerInTime(connect(), kGet, "no"), status(404));
  EXPECT_EQ(server.requests(), 1u);
}

TEST_F(Retries, TheLastAnswerIsTheClients) {
  Server& server = scripted({status(503, "1."), status(502, "2."), status(501, "3.")});
  routeWith(2, "5xx");
  EXPECT_EQ(answerInTime(connect(), kGet, "3."), status(501, "3."));
  EXPECT_EQ(server.requests(), 3u);
  EXPECT_EQ(log_.entries.at(0).flags, "URX");
  EXPECT_EQ(worker_->stats().retries_exhausted, 1u);
}

TEST_F(Retries, BodiesAreSentAgain) {
  serve();
  routeWith(1, "5xx");
  Peer& client = connect();
  client.send(post_);
  ASSERT_TRUE(until([&] { return request().ends_with("hi"); }));
  servers_[0]->connection(0).send(status(503));
  ASSERT_TRUE(inTime([&] {
    const auto& got = servers_[0]->connection(0).received();
    return got == post_ + post_;
  }));
}

TEST_F(Retries, BodiesLargerThanTheBufferAreNot) {
  serve();
  routeWith(1, "5xx");
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
  client.send(std::string(200000, 'x'));
  ASSERT_TRUE(until([&] {
    return !servers_[0]->connections().empty() &&
           servers_[0]->connection(0).received().size() > 200000;
  }));
  servers_[0]->connection(0).send(status(503));
  EXPECT_TRUE(receives(client, status(503)));
  EXPECT_EQ(worker_->stats().retries_unbuffered, 1u);
  EXPECT_EQ(log_.entries.at(0).flags, "-");
}

TEST_F(Retries, AnEarlyAnswerIsRepeatedWithTheRestOfTheBody) {
  serve();
  routeWith(1, "5xx");
  Peer& client = connect();
  client.send(post_.substr(0, post_.size() - 1));
  ASSERT_FALSE(request().empty());
  servers_[0]->connection(0).send(status(503));
  ASSERT_TRUE(inTime([&] { return servers_[0]->connections().size() == 2; }));
  client.send("i");
  ASSERT_TRUE(until([&] { return request(1) == post_; }));
  servers_[0]->connection(1).send(kOk);
  EXPECT_TRUE(receives(client, kOk));
}

TEST_F(Retries, AnAnswerThatIsNotHereWholeCostsItsConnection) {
  serve();
  routeWith(1, "5xx");
  Peer& client = connect();
  client.send(kGet);
  request();
  servers_[0]->connection(0).send("HTTP/1.1 503 x\r\nContent-Length: 100\r\n\r\npart");
  ASSERT_TRUE(inTime([&] { return servers_[0]->connections().size() == 2; }));
  ASSERT_TRUE(until([&] { return servers_[0]->connection(0).over(); }));
  servers_[0]->connection(1).send(kOk);
  EXPECT_TRUE(receives(client, kOk));
}

TEST_F(Retries, ResetsAsTheRuleSays) {
  serve();
  Peer& client = connect();
  size_t connection = 0;
  for (const char* on : {"reset", "5xx", "gateway-error"}) {
    routeWith(1, on);
    client.received().clear();
    client.send(kGet);
    request(connection);
    servers_[0]->connection(connection).reset();
    ASSERT_TRUE(inTime([&] { return servers_[0]->connections().size() == connection + 2; })) << on;
    request(connection + 1);
    servers_[0]
        ->connection(connection + 1)
        .send(
            "HTTP/1.1 200 OK\r\nConnection: close\r\n"
            "Content-Length: 2\r\n\r\nok");
    ASSERT_TRUE(until([&] { return client.received().ends_with("ok"); }));
    connection += 2;
  }
}

TEST_F(Retries, ResetsOtherwiseAre503) {
  serve();
  size_t connection = 0;
  for (const char* on : {"", "503", "reset-before-request", "retriable-4xx"}) {
    routeWith(1, on);
    Peer& client = connect();
    client.send(kGet);
    request(connection);
    servers_[0]->connection(connection++).reset();
    ASSERT_TRUE(inTime([&] { return client.received().ends_with("termination"); })) << on;
  }
  EXPECT_EQ(servers_[0]->connections().size(), connection);
}

TEST_F(Retries, ConnectFailuresAsTheRuleSays) {
  scripted({});
  routeWith(2, "retriable-4xx");
  sockets_.failures.push_back(Error(Error::Code::kUnavailable, "refused"));
  const auto answer = answerInTime(connect(), kGet, "connection failure");
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(log_.entries.at(0).flags, "UF");
}

TEST_F(Retries, NoAttemptsNoRetries) {
  scripted({});
  HttpRetry off;
  configure({ruleWith(off)});
  sockets_.failures.push_back(Error(Error::Code::kUnavailable, "refused"));
  answerInTime(connect(), kGet, "connection failure");
  EXPECT_EQ(sockets_.targets.size(), 1u);
  EXPECT_EQ(log_.entries.at(0).flags, "UF");
}

TEST_F(Retries, PolicyOfTheMeshHoldsWhereTheRuleSaysNothing) {
  scripted({status(503)});
  auto rule = ruleWith({});
  rule.retries.reset();
  auto config = std::make_shared<ProxyConfig>(*configOf({rule}));
  config->retries = RetryPolicy::of(retries(1, "5xx"));
  worker_->setConfig(config);
  EXPECT_EQ(answerInTime(connect(), kGet), kOk);
}

TEST_F(Retries, DefaultPolicyRepeatsUnavailableOfGrpc) {
  Server& server = scripted({"HTTP/1.1 200 OK\r\ngrpc-status: 14\r\nContent-Length: 0\r\n\r\n"});
  routeToServers();
  EXPECT_EQ(answerInTime(connect(), kGet), kOk);
  EXPECT_EQ(server.requests(), 2u);
}

TEST_F(Retries, AvoidEndpointsThatWereTried) {
  Server& failing = serve([](std::string_view) { return status(503); });
  scripted({});
  // Five draws of another one may all be in vain (Istio), so one repetition would not do.
  routeWith(4, "5xx");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(answerInTime(connect(), kGet), kOk);
  EXPECT_GT(failing.requests(), 0u);
}

TEST_F(Retries, MayGoToTheSameEndpoint) {
  serve([](std::string_view) { return status(503, "ok"); });
  scripted({});
  HttpRetry retry = retries(1, "5xx");
  retry.retry_ignore_previous_hosts = false;
  configure({ruleWith(retry)});
  for (int i = 0; i < 50; ++i) answerInTime(connect(), kGet);
  EXPECT_GT(worker_->stats().retries_exhausted, 0u);
}

TEST_F(Retries, BackOffComesBeforeEachTry) {
  Server& server = scripted({status(503)});
  HttpRetry retry = retries(1, "5xx");
  retry.backoff = 10s;
  configure({ruleWith(retry)});
  Peer& client = connect();
  client.send(kGet);
  ASSERT_TRUE(until([&] { return worker_->stats().retries == 1; }));
  settle();
  EXPECT_EQ(server.requests(), 1u);
  clock_.advance(10s);
  EXPECT_TRUE(receives(client, kOk));
}

TEST_F(Retries, ClientMayLeaveDuringABackOff) {
  Server& server = scripted({status(503)});
  routeWith(1, "5xx");
  Peer& client = connect();
  client.send(kGet);
  ASSERT_TRUE(until([&] { return worker_->stats().retries == 1; }));
  client.reset();
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
  clock_.advance(1s);
  settle();
  EXPECT_EQ(server.requests(), 1u);
}

TEST_F(Retries, NotAfterAnInterimResponse) {
  serve();
  routeWith(3, "5xx,reset");
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  request();
  servers_[0]->connection(0).send("HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(receives(client, "HTTP/1.1 100 Continue\r\n\r\n"));
  client.received().clear();
  client.send("hi");
  servers_[0]->connection(0).send(status(503));
  EXPECT_TRUE(receives(client, status(503)));
  EXPECT_EQ(log_.entries.at(0).flags, "-");
}

TEST_F(Retries, OneAtATimeWhereThePoolSaysSo) {
  serve();
  auto rule = ruleWith(retries(5, "5xx"));
  ConnectionPoolSettings pool;
  pool.http.emplace().max_retries = 1;
  rule.policy.connection_pool = {pool, ""};
  configure({rule});
  Peer& first = connect();
  first.send(kGet);
  request();
  servers_[0]->connection(0).send(status(503));
  ASSERT_TRUE(until([&] { return worker_->stats().retries == 1; }));
  Peer& second = connect();
  second.send(kGet);
  ASSERT_TRUE(until([&] {
    auto& bytes = servers_[0]->connection(0).received();
    return bytes.size() == 2 * kGet.size();
  }));
  servers_[0]->connection(0).send(status(500));
  EXPECT_TRUE(receives(second, status(500)));
  EXPECT_EQ(log_.entries.at(0).flags, "UO");
  EXPECT_EQ(worker_->stats().retry_overflows, 1u);
}

TEST_F(Retries, TimeoutOfTheRuleEndsThemAll) {
  serve([](std::string_view) { return status(503); });
  auto rule = ruleWith(retries(100, "5xx"));
  rule.timeout = 2s;
  configure({rule});
  Peer& client = connect();
  const auto answer = answerInTime(client, kGet, "upstream request timeout");
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 504 "));
  EXPECT_EQ(log_.entries.at(0).flags, "UT");
  const auto tries = worker_->stats().retries;
  EXPECT_GT(tries, 5u);
  clock_.advance(10s);
  settle();
  EXPECT_EQ(worker_->stats().retries, tries);
}

TEST_F(Retries, TriesThatTakeTooLong) {
  serve();
  HttpRetry retry = retries(1, "5xx");
  retry.per_try_timeout = 200ms;
  configure({ruleWith(retry)});
  Peer& client = connect();
  client.send(kGet);
  ASSERT_FALSE(request(0).empty());
  ASSERT_TRUE(inTime([&] { return servers_[0]->connections().size() == 2; }));
  EXPECT_TRUE(until([&] { return servers_[0]->connection(0).over(); }));
  ASSERT_TRUE(inTime([&] { return client.received().ends_with("upstream request timeout"); }));
  EXPECT_THAT(client.received(), testing::StartsWith("HTTP/1.1 504 "));
  EXPECT_EQ(log_.entries.at(0).flags, "UT,URX");
  EXPECT_EQ(worker_->stats().try_timeouts, 2u);
}

TEST_F(Retries, ATryThatTakesTooLongIsOverWithoutRetriesToo) {
  serve();
  HttpRetry retry = retries(2, "connect-failure");
  retry.per_try_timeout = 200ms;
  configure({ruleWith(retry)});
  Peer& client = connect();
  client.send(kGet);
  ASSERT_FALSE(request(0).empty());
  clock_.advance(200ms);
  ASSERT_TRUE(until([&] { return client.received().ends_with("upstream request timeout"); }));
  EXPECT_EQ(log_.entries.at(0).flags, "UT");
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
}

TEST_F(Retries, AResponseThatHasBegunHasTheTimeOfTheRule) {
  serve();
  HttpRetry retry = retries(2, "5xx");
  retry.per_try_timeout = 200ms;
  configure({ruleWith(retry)});
  Peer& client = connect();
  client.send(kGet);
  request();
  servers_[0]->connection(0).send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  ASSERT_TRUE(until([&] { return !client.received().empty(); }));
  clock_.advance(1s);
  settle();
  servers_[0]->connection(0).send("ok");
  EXPECT_TRUE(receives(client, kOk));
}

TEST_F(Retries, TimeoutOfATryStartsAtTheEndOfTheRequest) {
  serve();
  HttpRetry retry = retries(1, "connect-failure");
  retry.per_try_timeout = 200ms;
  configure({ruleWith(retry)});
  Peer& client = connect();
  client.send(post_.substr(0, post_.size() - 1));
  ASSERT_FALSE(request(0).empty());
  clock_.advance(10s);
  settle();
  EXPECT_EQ(client.received(), "");
  client.send("i");
  ASSERT_TRUE(until([&] { return servers_[0]->connection(0).received() == post_; }));
  clock_.advance(200ms);
  ASSERT_TRUE(until([&] { return client.received().ends_with("upstream request timeout"); }));
}

TEST_F(Retries, TimeoutOfGrpcIsItsOwnWithinTheRules) {
  serve();
  auto rule = ruleWith({});
  const std::string call =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n"
      "grpc-timeout: ";
  const auto timesOut = [&](const std::string& own, Duration after) {
    Peer& client = connect();
    const size_t index = servers_[0]->connections().size();
    client.send(call + own + "\r\n\r\n");
    request(index);
    clock_.advance(after - 1ms);
    settle();
    const bool early = !client.received().empty();
    clock_.advance(1ms);
    return until([&] { return client.received().ends_with("\r\n\r\n"); }) && !early;
  };
  configure({rule});
  EXPECT_TRUE(timesOut("3S", 3s));
  rule.timeout = 2s;
  configure({rule});
  EXPECT_TRUE(timesOut("3S", 2s));
  EXPECT_TRUE(timesOut("1S", 1s));
  EXPECT_TRUE(timesOut("never", 2s));
  EXPECT_EQ(log_.entries.back().flags, "UT");
}

}  // namespace
}  // namespace sluice::proxy::test
