// SPDX-License-Identifier: Apache-2.0
// Answers that a rule makes the proxy give.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kGrpcPost =
    "POST /s/M HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n\r\n";

class Answers : public WorkerTest {
 protected:
  static TestRule saying(int status, std::optional<std::string> body = {}) {
    TestRule rule;
    rule.direct_response = HttpDirectResponse{status, std::move(body)};
    return rule;
  }
  static TestRule aborting(std::optional<int> status, std::string grpc_status) {
    TestRule rule;
    rule.fault.emplace();
    rule.fault->abort = Abort{.http_status = status,
                              .grpc_status = std::move(grpc_status),
                              .http2_error = {},
                              .percentage = {1'000'000}};
    rule.destinations = {{1, {}}};
    return rule;
  }
  std::string answer(std::string_view request = kGet) {
    Peer& client = connect();
    client.send(request);
    // Whole: local answers are small, and the log has a line when the last byte is sent.
    const size_t before = log_.entries.size();
    until([&] { return log_.entries.size() > before; });
    settle();
    return client.received();
  }
};

TEST_F(Answers, DirectResponseIsTextUnlessTheRuleSaysOtherwise) {
  TestRule rule = saying(503, "closed");
  configure({rule});
  EXPECT_THAT(answer(), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer(), HasSubstr("content-length: 6\r\ncontent-type: text/plain\r\n"));
  EXPECT_THAT(answer(), EndsWith("\r\n\r\nclosed"));
  EXPECT_EQ(log_.entries.at(0).flags, "-");
  EXPECT_EQ(log_.entries.at(0).details, "direct_response");
  rule.headers.response.set = {{"Content-Type", "application/json"}, {"retry-after", "5"}};
  configure({rule});
  EXPECT_THAT(answer(), HasSubstr("Content-Type: application/json\r\nretry-after: 5\r\n"));
  EXPECT_THAT(answer(), Not(HasSubstr("text/plain")));
}

TEST_F(Answers, DirectResponseWithoutBody) {
  configure({saying(418)});
  EXPECT_THAT(answer(), HasSubstr("content-length: 0\r\ndate: "));
  configure({saying(204)});
  EXPECT_THAT(answer(), Not(HasSubstr("content-length")));
}

TEST_F(Answers, HeadGetsTheLengthAlone) {
  configure({saying(200, "hello")});
  const auto head = answer("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("content-length: 5\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST_F(Answers, RedirectSaysWhere) {
  TestRule rule;
  rule.redirect = HttpRedirect{.uri = "/new", .redirect_code = 308};
  rule.headers.response.add = {{"x-why", "moved from %REQ(:path)%"}};
  configure({rule});
  const auto moved = answer("GET /old?b=1 HTTP/1.1\r\nHost: a:80\r\n\r\n");
  EXPECT_THAT(moved, StartsWith("HTTP/1.1 308 Permanent Redirect\r\n"));
  EXPECT_THAT(moved, HasSubstr("location: http://a:80/new?b=1\r\n"));
  EXPECT_THAT(moved, HasSubstr("x-why: moved from /old?b=1\r\n"));
  EXPECT_EQ(log_.entries.at(0).flags, "-");
  EXPECT_EQ(log_.entries.at(0).status, 308);
  EXPECT_EQ(log_.entries.at(0).details, "direct_response");
}

TEST_F(Answers, AbortOfGrpcStatus) {
  configure({aborting({}, "UNAVAILABLE")});
  const auto grpc = answer(kGrpcPost);
  EXPECT_THAT(grpc, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(grpc, HasSubstr("grpc-status: 14\r\ngrpc-message: fault filter abort\r\n"));
  EXPECT_THAT(grpc, HasSubstr("content-length: 0\r\n"));
  EXPECT_EQ(log_.entries.at(0).flags, "FI");
  EXPECT_EQ(log_.entries.at(0).details, "fault_filter_abort");
  // Envoy: whoever does not speak gRPC gets the text.
  EXPECT_THAT(answer(), EndsWith("fault filter abort"));
}

TEST_F(Answers, ClientsOfGrpcGetTheirKindOfErrors) {
  configure({aborting(404, "")});
  EXPECT_THAT(answer(kGrpcPost), HasSubstr("grpc-status: 12\r\n"));
  TestRule nobody;
  nobody.destinations = {{1, {}}};
  configure({nobody});
  EXPECT_THAT(answer(kGrpcPost), HasSubstr("grpc-status: 14\r\n"));
  EXPECT_EQ(log_.entries.at(1).status, 200);
}

/// Each as Envoy says it.
TEST_F(Answers, TheLogSaysWhereTheyComeFrom) {
  const auto details = [&](const std::vector<TestRule>& rules, std::string_view request = kGet) {
    configure(rules);
    log_.entries.clear();
    answer(request);
    return log_.entries.empty() ? "none" : log_.entries.back().details;
  };
  EXPECT_EQ(details({}), "route_not_found");
  TestRule rule;
  rule.destinations = {{1, {}}};
  EXPECT_EQ(details({rule}), "no_healthy_upstream");
  EXPECT_EQ(details({rule}, "GET / HTTP/9.9\r\n\r\n"), "http1.codec_error");
  EXPECT_EQ(details({rule}, "GET / HTTP/1.1\r\nA: " + std::string(70'000, 'x')),
            "request_headers_too_large");
  rule.cluster_missing = true;
  EXPECT_EQ(details({rule}), "cluster_not_found");
  serve().stopListening();
  TestRule closed;
  closed.destinations = {{1, {1}}};
  closed.retries = HttpRetry{};
  EXPECT_EQ(details({closed}), "upstream_reset_before_response_started{connection_failure}");
}

TEST_F(Answers, RetriesThatAreOffConcernConnections) {
  serve().stopListening();
  TestRule rule;
  rule.destinations = {{1, {1}}};
  rule.retries = HttpRetry{};
  configure({rule});
  EXPECT_THAT(answer(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(sockets_.targets.size(), 1u);
  rule.retries.reset();
  configure({rule});
  answerInTime(connect(), kGet, "connection failure");
  EXPECT_EQ(sockets_.targets.size(), 4u);
}

TEST_F(Answers, ResponseOperationsActOnEveryAnswerOfARule) {
  TestRule rule = aborting(503, "");
  rule.headers.response.set = {{"x-rule", "1"}};
  rule.destination_headers.resize(1);
  rule.destination_headers[0].response.set = {{"x-destination", "%RESPONSE_CODE%"}};
  configure({rule});
  EXPECT_THAT(answer(), HasSubstr("x-rule: 1\r\nx-destination: 503\r\n"));
  rule.fault.reset();
  configure({rule});
  EXPECT_THAT(answer(), HasSubstr("x-rule: 1\r\nx-destination: 503\r\n"));
  EXPECT_EQ(log_.entries.at(1).flags, "UH");
  rule.cluster_missing = true;
  configure({rule});
  EXPECT_THAT(answer(), HasSubstr("x-rule: 1\r\n"));
  EXPECT_EQ(log_.entries.at(2).flags, "NC");
  routing::RequestMatch other;
  other.method = StringMatch{StringMatch::Kind::kExact, "PUT"};
  rule.matches = {other};
  configure({rule});
  EXPECT_THAT(answer(), Not(HasSubstr("x-rule")));
}

}  // namespace
}  // namespace sluice::proxy::test
