// SPDX-License-Identifier: Apache-2.0
// What operations on a response see of its request. All of it was tried with Envoy 1.40.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ResponseEdits : public WorkerTest {
 protected:
  static constexpr const char* kSeen =
      "%REQ(x-user)%|%REQ(x-gone)%|%REQ(:path)%|%REQ(:authority)%|%REQ(x-envoy-original-path)%|"
      "%REQ(x-request-id)%|%REQ(x-forwarded-proto)%|%REQ(x-envoy-attempt-count)%|%REQ(x-envoy-max-"
      "retries)%";
  static constexpr const char* kRequest =
      "GET /a/../p?q HTTP/1.1\r\nHost: outer\r\nx-request-id: 1\r\nx-user: c\r\nx-gone: g\r\n"
      "x-envoy-max-retries: 9\r\n\r\n";
  /// Before the rule has sent the request anywhere, and when it has.
  static constexpr const char* kAsSeen = "x-seen: c|g|/p?q|outer||1|http||\r\n";
  static constexpr const char* kAsSent = "x-seen: v||/v1?q|inner|/p?q|1|http|1|\r\n";

  ResponseEdits() {
    envoy_habits_ = true;
    added_headers_ = {.request_id = true, .forwarded = true, .envoy = true};
  }

  static TestRule changing() {
    TestRule rule;
    rule.destinations = {{1, {1}}};
    rule.rewrite = HttpRewrite{.uri = "/v1", .authority = "inner", .uri_regex_rewrite = {}};
    routing::RequestMatch match;
    match.uri = StringMatch{StringMatch::Kind::kPrefix, "/p"};
    rule.matches = {match};
    rule.headers.request = {.set = {{"x-user", "v"}}, .add = {}, .remove = {"x-gone"}};
    rule.headers.response.set = {{"x-seen", kSeen}};
    return rule;
  }
  std::string answer(const TestRule& rule, std::string_view request = kRequest) {
    configure({rule});
    Peer& client = connect();
    client.send(request);
    const size_t before = log_.entries.size();
    inTime([&] { return log_.entries.size() > before; });
    settle();
    return client.received();
  }
};

TEST_F(ResponseEdits, SeeTheRequestAsTheServerGetsIt) {
  serve([](std::string_view) { return kOk; });
  EXPECT_THAT(answer(changing()), HasSubstr(kAsSent));
}

TEST_F(ResponseEdits, SeeTheRequestAsItWouldBeSent) {
  serve();
  TestRule rule = changing();
  rule.destinations = {{1, {}}};
  EXPECT_THAT(answer(rule), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer(rule), HasSubstr(kAsSent)) << "without endpoints";
  rule = changing();
  rule.retries.emplace().attempts = 0;
  sockets_.failures.push_back(Error(Error::Code::kUnavailable, "refused"));
  EXPECT_THAT(answer(rule), HasSubstr(kAsSent)) << "without a connection";
  rule.timeout = 1s;
  EXPECT_THAT(answer(rule), StartsWith("HTTP/1.1 504 "));
  EXPECT_THAT(answer(rule), HasSubstr(kAsSent)) << "too late";
}

TEST_F(ResponseEdits, SeeWhatRulesSeeWhereNothingIsSent) {
  serve();
  TestRule rule = changing();
  rule.cluster_missing = true;
  EXPECT_THAT(answer(rule), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer(rule), HasSubstr(kAsSeen)) << "without a destination";
  rule = changing();
  rule.fault.emplace().abort =
      Abort{.http_status = 418, .grpc_status = {}, .http2_error = {}, .percentage = {1'000'000}};
  EXPECT_THAT(answer(rule), HasSubstr(kAsSeen)) << "aborted";
  rule = changing();
  rule.direct_response = HttpDirectResponse{200, "hi"};
  EXPECT_THAT(answer(rule), HasSubstr(kAsSeen)) << "answered";
  rule = changing();
  rule.redirect = HttpRedirect{.uri = "/new"};
  EXPECT_THAT(answer(rule), HasSubstr(kAsSeen)) << "redirected";
}

TEST_F(ResponseEdits, SeeTheIdThatWasAdded) {
  TestRule rule;
  rule.direct_response = HttpDirectResponse{200, "hi"};
  rule.headers.response.set = {{"x-request-id", "%REQ(x-request-id)%"}};
  const auto answered = answer(rule, kGet);
  ASSERT_EQ(log_.entries.at(0).request_id.size(), 36u);
  EXPECT_THAT(answered, HasSubstr("x-request-id: " + log_.entries[0].request_id + "\r\n"));
}

TEST_F(ResponseEdits, SeeTheTryThatWasAnswered) {
  serve([](std::string_view head) {
    const bool first = head.find("x-envoy-attempt-count: 1") != head.npos;
    return first ? "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n" : kOk;
  });
  TestRule rule = changing();
  rule.retries = HttpRetry{};
  rule.retries->attempts = 1;
  rule.retries->retry_on = "503";
  EXPECT_THAT(answer(rule), HasSubstr("x-seen: v||/v1?q|inner|/p?q|1|http|2|\r\n"));
}

/// Without anything that is added for all, and without a rule that changes requests.
TEST_F(ResponseEdits, SeeARequestThatNobodyChanges) {
  envoy_habits_ = false;
  added_headers_ = {};
  serve([](std::string_view) { return kOk; });
  TestRule rule;
  rule.destinations = {{1, {1}}};
  rule.headers.response.set = {{"x-seen", kSeen}};
  EXPECT_THAT(answer(rule), HasSubstr("x-seen: c|g|/a/../p?q|outer||1|||9\r\n"));
}

}  // namespace
}  // namespace sluice::proxy::test
