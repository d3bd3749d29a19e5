// SPDX-License-Identifier: Apache-2.0
// Heads that rules change on their way.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Edits : public WorkerTest {
 protected:
  static TestRule forwarding() {
    TestRule rule;
    rule.destinations = {{1, {1}}};
    return rule;
  }
  /// The head that the server gets.
  std::string upstream(const std::string& request) {
    if (servers_.empty()) serve();
    Peer& client = connect();
    client.send(request);
    const size_t index = servers_[0]->connections().size();
    return this->request(index);
  }
  static std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: shop:80\r\n" + fields + "\r\n";
  }
  void apply(const TestRule& rule) {
    if (servers_.empty()) serve();
    configure({rule});
  }
};

TEST_F(Edits, WithoutOperationsTheBytesStay) {
  apply(forwarding());
  const auto request = get("/a/../b", "X-Envoy-Max-Retries: 5\r\nx:  y \r\n");
  EXPECT_EQ(upstream(request), request);
}

TEST_F(Edits, RequestOperationsRemoveThenSetThenAdd) {
  TestRule rule = forwarding();
  rule.headers.request = {.set = {{"x-set", "s"}, {"x-gone", "%REQ(x-gone)%"}},
                          .add = {{"x-add", "%REQ(x-from)%!"}},
                          .remove = {"x-gone"}};
  apply(rule);
  const auto head =
      upstream(get("/", "x-set: old\r\nX-SET: older\r\nx-add: old\r\nx-gone: 1\r\nX-From: me\r\n"));
  EXPECT_EQ(head,
            "GET / HTTP/1.1\r\nHost: shop:80\r\nx-set: s\r\nx-add: old\r\nX-From: me\r\n"
            "x-add: me!\r\n\r\n");
}

TEST_F(Edits, VariablesOfTheConnectionAndTheDecision) {
  TestRule rule = forwarding();
  rule.name = "canary";
  rule.headers.request.set = {{"x-a", "%HOSTNAME% %ROUTE_NAME% %DOWNSTREAM_LOCAL_ADDRESS%"},
                              {"x-b", "%NOTHING%"},
                              {"x-y", "%START_TIME(%Y)%"}};
  vips_ = {*IpAddress::parse("10.96.0.7")};
  apply(rule);
  const auto year = std::chrono::year_month_day(
                        std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()))
                        .year();
  EXPECT_EQ(upstream(get("/")), get("/", "x-a: web canary 10.96.0.7:80\r\nx-y: " +
                                             std::to_string(static_cast<int>(year)) + "\r\n"));
}

TEST_F(Edits, OnlyDestinationWinsOverTheRule) {
  TestRule rule = forwarding();
  rule.headers.request.set = {{"x-a", "rule"}};
  rule.headers.request.remove = {"x-b"};
  rule.destination_headers.resize(1);
  rule.destination_headers[0].request.set = {{"x-a", "destination"}, {"x-b", "destination"}};
  apply(rule);
  const auto head = upstream(get("/", "x-b: client\r\n"));
  EXPECT_THAT(head, HasSubstr("x-a: destination\r\nx-b: destination\r\n"));
}

TEST_F(Edits, RuleWinsOverOneOfSeveralDestinations) {
  TestRule rule = forwarding();
  rule.destinations = {{1, {1}}, {1, {1}}};
  rule.headers.request.set = {{"x-a", "rule"}};
  rule.destination_headers.resize(2);
  for (auto& headers : rule.destination_headers)
    headers.request.set = {{"x-a", "destination"}, {"x-b", "destination"}};
  apply(rule);
  const auto head = upstream(get("/"));
  EXPECT_THAT(head, HasSubstr("x-a: rule\r\n"));
  EXPECT_THAT(head, HasSubstr("x-b: destination\r\n"));
}

TEST_F(Edits, FramingIsNotARules) {
  TestRule rule = forwarding();
  rule.headers.request.set = {{"content-length", "0"}, {"x-a", "1"}};
  rule.headers.request.remove = {"Transfer-Encoding", "Content-Length"};
  apply(rule);
  const auto head = upstream("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_EQ(head, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nx-a: 1\r\n\r\nab");
}

TEST_F(Edits, HostOfTheRuleWinsOverTheDestinations) {
  TestRule rule = forwarding();
  rule.destination_headers.resize(1);
  rule.destination_headers[0].request.set = {{":authority", "destination"}};
  apply(rule);
  EXPECT_THAT(upstream(get("/")), HasSubstr("Host: destination\r\n"));
  rule.headers.request.set = {{"Host", "rule"}};
  apply(rule);
  EXPECT_THAT(upstream(get("/")), HasSubstr("Host: rule\r\n"));
  rule.rewrite = HttpRewrite{.uri = {}, .authority = "rewrite", .uri_regex_rewrite = {}};
  apply(rule);
  EXPECT_EQ(upstream(get("/x")), "GET /x HTTP/1.1\r\nHost: rewrite\r\n\r\n");
}

TEST_F(Edits, RewriteOfThePath) {
  TestRule rule = forwarding();
  rule.rewrite = HttpRewrite{.uri = "/v1", .authority = {}, .uri_regex_rewrite = {}};
  routing::RequestMatch shop;
  shop.uri = StringMatch{StringMatch::Kind::kPrefix, "/shop"};
  rule.matches = {shop};
  apply(rule);
  EXPECT_THAT(upstream(get("/x/../shop/a?b=1")), StartsWith("GET /v1/a?b=1 HTTP/1.1\r\n"));
  EXPECT_THAT(upstream(get("/shop")), Not(HasSubstr("x-envoy")));
}

TEST_F(Edits, HabitsOfEnvoy) {
  envoy_habits_ = true;
  TestRule rule = forwarding();
  apply(rule);
  EXPECT_EQ(upstream(get("/a/../b?", "X-Envoy-Max-Retries: 5\r\nx: y\r\n")),
            "GET /b? HTTP/1.1\r\nHost: shop:80\r\nx: y\r\n\r\n");
  EXPECT_EQ(upstream(get("http://shop/one")), "GET /one HTTP/1.1\r\nHost: shop\r\n\r\n");
  EXPECT_EQ(upstream(get("/a", "x:  y\r\n")), get("/a", "x:  y\r\n"));
  rule.rewrite = HttpRewrite{.uri = "/v1/", .authority = "inner", .uri_regex_rewrite = {}};
  apply(rule);
  EXPECT_EQ(upstream(get("/x?y")),
            "GET /v1/x?y HTTP/1.1\r\nHost: inner\r\nx-envoy-original-path: /x?y\r\n"
            "x-envoy-original-host: shop:80\r\n\r\n");
}

/// The value of a field in a head; empty without.
std::string fieldOf(const std::string& head, const std::string& name) {
  const size_t at = head.find("\r\n" + name + ": ");
  if (at == head.npos) return {};
  const size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

TEST_F(Edits, EachKindOfAddedHeadersIsASettingOfItsOwn) {
  added_headers_ = {.request_id = true};
  apply(forwarding());
  const auto id = fieldOf(upstream(get("/")), "x-request-id");
  EXPECT_THAT(id, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                        "[0-9a-f]{12}"));
  EXPECT_NE(fieldOf(upstream(get("/")), "x-request-id"), id);
  added_headers_ = {.forwarded = true};
  apply(forwarding());
  EXPECT_EQ(upstream(get("/")), get("/", "x-forwarded-proto: http\r\n"));
  added_headers_ = {.envoy = true};
  apply(forwarding());
  EXPECT_EQ(upstream(get("/")), get("/", "x-envoy-attempt-count: 1\r\n"));
}

TEST_F(Edits, WhatTheClientSendsIsNotAddedAgain) {
  added_headers_ = {.request_id = true, .forwarded = true};
  apply(forwarding());
  const auto request = get("/", "X-Request-Id: mine\r\nx-forwarded-proto: https\r\n");
  EXPECT_EQ(upstream(request), request);
}

TEST_F(Edits, OperationsSeeThePathAndHostThatRulesSee) {
  envoy_habits_ = true;
  TestRule rule = forwarding();
  rule.headers.request.set = {{"x-seen", "%REQ(:path)% %REQ(:authority)% %REQ(host)%"}};
  apply(rule);
  EXPECT_THAT(upstream(get("/a/../b?c")), HasSubstr("x-seen: /b?c shop:80 shop:80\r\n"));
  const std::string host = kHost;
  EXPECT_THAT(upstream("GET / HTTP/1.0\r\n\r\n"), HasSubstr("x-seen: / " + host + " " + host));
}

TEST_F(Edits, RulesSeeWhatIsAdded) {
  added_headers_ = {.request_id = true, .forwarded = true, .envoy = true};
  TestRule rule = forwarding();
  routing::RequestMatch plain;
  plain.headers["x-forwarded-proto"] = StringMatch{StringMatch::Kind::kExact, "http"};
  rule.matches = {plain};
  rule.headers.request = {.set = {{"x-id", "%REQ(x-request-id)%"}},
                          .remove = {"x-envoy-attempt-count"}};
  apply(rule);
  const auto head = upstream(get("/"));
  EXPECT_EQ(fieldOf(head, "x-id"), fieldOf(head, "x-request-id"));
  EXPECT_NE(fieldOf(head, "x-id"), "");
  EXPECT_THAT(head, Not(HasSubstr("x-envoy-attempt-count")));
}

TEST_F(Edits, EachTrySaysWhichItIsAndHowLongItMayTake) {
  added_headers_ = {.request_id = true, .envoy = true};
  serve();
  TestRule rule = forwarding();
  rule.timeout = 2s;
  rule.retries = HttpRetry{};
  rule.retries->attempts = 1;
  rule.retries->retry_on = "503";
  apply(rule);
  connect().send(get("/"));
  const auto first = request(0);
  EXPECT_EQ(fieldOf(first, "x-envoy-attempt-count"), "1");
  EXPECT_EQ(fieldOf(first, "x-envoy-expected-rq-timeout-ms"), "2000");
  clock_.advance(500ms);
  auto& server = servers_[0]->connection(0);
  server.received().clear();
  server.send("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(inTime([&] { return server.received().ends_with("\r\n\r\n"); }));
  EXPECT_EQ(fieldOf(server.received(), "x-envoy-attempt-count"), "2");
  EXPECT_EQ(fieldOf(server.received(), "x-request-id"), fieldOf(first, "x-request-id"));
  EXPECT_LE(std::stoi(fieldOf(server.received(), "x-envoy-expected-rq-timeout-ms")), 1500);
}

/// gRPC's servers give up when the client would: they must know when the rule does.
TEST_F(Edits, ServersOfGrpcLearnTheTimeoutOfTheRule) {
  serve();
  TestRule rule = forwarding();
  const auto told = [&](const std::string& own) {
    const std::string head =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n";
    const size_t index = servers_[0]->connections().size();
    connect().send(head + own + "\r\n");
    const auto received = request(index);
    EXPECT_TRUE(received.starts_with(head)) << received;
    return received.substr(head.size(), received.size() - head.size() - 2);
  };
  configure({rule});
  EXPECT_EQ(told("grpc-timeout: 3S\r\n"), "grpc-timeout: 3S\r\n");
  EXPECT_EQ(told(""), "");
  rule.timeout = 2s;
  configure({rule});
  EXPECT_EQ(told("grpc-timeout: 3S\r\n"), "grpc-timeout: 2000m\r\n");
  EXPECT_EQ(told("grpc-timeout: 1S\r\n"), "grpc-timeout: 1S\r\n");
  EXPECT_EQ(told(""), "grpc-timeout: 2000m\r\n");
  rule.retries = HttpRetry{};
  rule.retries->attempts = 1;
  rule.retries->retry_on = "5xx";
  rule.retries->per_try_timeout = 500ms;
  configure({rule});
  EXPECT_EQ(told("grpc-timeout: 1S\r\n"), "grpc-timeout: 500m\r\n");
}

TEST_F(Edits, ResponsesSayHowLongTheServerTook) {
  added_headers_ = {.envoy = true};
  serve();
  apply(forwarding());
  Peer& client = connect();
  client.send(get("/"));
  request(0);
  clock_.advance(20ms);
  servers_[0]->connection(0).send(kOk);
  ASSERT_TRUE(until([&] { return client.received().ends_with("ok"); }));
  EXPECT_EQ(fieldOf(client.received(), "x-envoy-upstream-service-time"), "20");
}

TEST_F(Edits, TheLogHasTheRequestIdThatWasAdded) {
  added_headers_ = {.request_id = true};
  apply(forwarding());
  Peer& client = connect();
  client.send(get("/"));
  const auto head = request(0);
  servers_[0]->connection(0).send(kOk);
  ASSERT_TRUE(until([&] { return client.received() == kOk; }));
  EXPECT_EQ(log_.entries.at(0).request_id, fieldOf(head, "x-request-id"));
}

TEST_F(Edits, ARequestThatIsSentTwiceIsRewrittenOnce) {
  TestRule rule = forwarding();
  rule.headers.request.add = {{"x-add", "1"}};
  rule.rewrite = HttpRewrite{.uri = "/v1", .authority = {}, .uri_regex_rewrite = {}};
  apply(rule);
  Peer& client = connect();
  client.send(get("/"));
  const auto first = request(0);
  servers_[0]->connection(0).send(kOk);
  ASSERT_TRUE(until([&] { return client.received() == kOk; }));
  // The kept connection ends together with the next request.
  client.send(get("/"));
  ASSERT_TRUE(
      until([&] { return servers_[0]->connection(0).received().size() == 2 * first.size(); }));
  servers_[0]->connection(0).reset();
  EXPECT_EQ(request(1), first);
}

/// Endpoints go while requests are repeated: the newer rules see what the client has sent.
TEST_F(Edits, ARequestThatIsRoutedAgainIsRewrittenOnce) {
  envoy_habits_ = true;
  TestRule rule = forwarding();
  routing::RequestMatch shop;
  shop.uri = StringMatch{StringMatch::Kind::kPrefix, "/shop"};
  rule.matches = {shop};
  rule.rewrite = HttpRewrite{.uri = "/v1", .authority = "inner", .uri_regex_rewrite = {}};
  rule.headers.request.add = {{"x-add", "1"}};
  rule.retries = HttpRetry{};
  rule.retries->attempts = 1;
  rule.retries->retry_on = "reset";
  apply(rule);
  connect().send(get("/shop/a", "X-Envoy-Max-Retries: 5\r\n"));
  const auto first = request(0);
  EXPECT_THAT(first, StartsWith("GET /v1/a HTTP/1.1\r\nHost: inner\r\n"));
  sockets_.failures.push_back(Error(Error::Code::kPermission, "not in the tables"));
  servers_[0]->connection(0).reset();
  ASSERT_TRUE(inTime([&] { return sockets_.failures.empty(); }));
  configure({rule});
  EXPECT_EQ(request(1), first);
  EXPECT_EQ(worker_->stats().reroutes, 1u);
}

/// The body may have come into the place of what a rule has removed.
TEST_F(Edits, ARequestThatDoesNotFitAnyMoreIsNotRoutedAgain) {
  TestRule rule = forwarding();
  rule.headers.request.remove = {"x-long"};
  rule.retries = HttpRetry{};
  rule.retries->attempts = 1;
  rule.retries->retry_on = "reset";
  apply(rule);
  Peer& client = connect();
  const std::string body(kBufferBytes * 3 / 4, 'b');
  client.send("POST / HTTP/1.1\r\nHost: a\r\nx-long: " + std::string(kBufferBytes / 2, 'x') +
              "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  ASSERT_TRUE(until([&] {
    return !servers_[0]->connections().empty() &&
           servers_[0]->connection(0).received().ends_with(body);
  }));
  sockets_.failures.push_back(Error(Error::Code::kPermission, "not in the tables"));
  servers_[0]->connection(0).reset();
  ASSERT_TRUE(inTime([&] { return sockets_.failures.empty(); }));
  configure({rule});
  ASSERT_TRUE(until([&] { return client.received().ends_with("connection failure"); }));
  EXPECT_EQ(log_.entries.at(0).flags, "UF");
}

TEST_F(Edits, ResponseOperations) {
  TestRule rule = forwarding();
  rule.headers.response = {.set = {{"x-set", "s"}},
                           .add = {{"x-add", "%RESP(x-add)% %REQ(:path)%"}},
                           .remove = {"x-gone"}};
  serve([](std::string_view) {
    return "HTTP/1.1 201 Made It\r\nx-set: old\r\nx-add: a\r\nX-Gone: 1\r\n"
           "Content-Length: 2\r\n\r\nok";
  });
  apply(rule);
  EXPECT_EQ(answerTo(connect(), get("/p")),
            "HTTP/1.1 201 Made It\r\nx-set: s\r\nx-add: a\r\nContent-Length: 2\r\n"
            "x-add: a /p\r\n\r\nok");
}

TEST_F(Edits, OperationsNeverSplitAHead) {
  TestRule rule = forwarding();
  rule.headers.request.set = {{"x-a", "1\r\nx-b: 2"}, {"x c", "3"}, {"x-d", "4"}};
  apply(rule);
  EXPECT_EQ(upstream(get("/")), get("/", "x-d: 4\r\n"));
}

TEST_F(Edits, AHeadMayGrowBeyondTheHeadroom) {
  TestRule rule = forwarding();
  rule.headers.request.set = {{"x-long", std::string(3 * kHeadroom, 'x')}};
  apply(rule);
  EXPECT_THAT(upstream(get("/")), HasSubstr("x-long: " + rule.headers.request.set["x-long"]));
}

TEST_F(Edits, AHeadThatFindsNoRoomIsRefused) {
  TestRule rule = forwarding();
  rule.headers.request.set = {{"x-long", std::string(kBufferBytes + kHeadroom, 'x')}};
  apply(rule);
  EXPECT_THAT(answerTo(connect(), get("/"), "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(worker_->stats().refused_requests, 1u);
}

}  // namespace
}  // namespace sluice::proxy::test
