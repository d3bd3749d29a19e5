// SPDX-License-Identifier: Apache-2.0
// Requests of other origins. What a policy allows is tested in routing/cors_test.cpp.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CrossOrigin : public WorkerTest {
 protected:
  static TestRule ruleFor(uint32_t endpoint) {
    TestRule rule;
    rule.destinations = {{1, {endpoint}}};
    auto& cors = rule.cors.emplace();
    cors.allow_origins = {{StringMatch::Kind::kExact, "http://ok"}};
    cors.allow_methods = {"GET", "PUT"};
    cors.expose_headers = {"x-e"};
    return rule;
  }
  static std::string call(const std::string& method, const std::string& fields) {
    return method + " / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  }
  const std::string preflight_ =
      call("OPTIONS", "Origin: http://ok\r\nAccess-Control-Request-Method: PUT\r\n");
};

TEST_F(CrossOrigin, PreflightsReachNoServer) {
  Server& server = serve([](std::string_view) { return kOk; });
  auto rule = ruleFor(1);
  rule.headers.response.set = {{"x-rule", "1"}};
  configure({rule});
  Peer& client = connect();
  const auto answer = answerTo(client, preflight_, "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("access-control-allow-origin: http://ok\r\n"));
  EXPECT_THAT(answer, HasSubstr("access-control-allow-methods: GET,PUT\r\n"));
  EXPECT_THAT(answer, HasSubstr("content-length: 0\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("x-rule")));
  EXPECT_EQ(log_.entries.at(0).flags, "-");
  EXPECT_EQ(worker_->stats().preflights, 1u);
  answerTo(client, kGet);
  EXPECT_EQ(server.requests(), 1u);
}

TEST_F(CrossOrigin, AnswersAreMarkedInsteadOfWhatTheServerSays) {
  serve([](std::string_view) {
    return "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok";
  });
  configure({ruleFor(1)});
  EXPECT_EQ(answerTo(connect(), call("GET", "Origin: http://ok\r\n")),
            "HTTP/1.1 200 OK\r\naccess-control-allow-origin: http://ok\r\nContent-Length: 2\r\n"
            "access-control-expose-headers: x-e\r\n\r\nok");
  EXPECT_THAT(answerTo(connect(), call("GET", "Origin: http://evil\r\n")),
              HasSubstr("Access-Control-Allow-Origin: *\r\n"));
}

TEST_F(CrossOrigin, FailuresOfTheServerAreMarkedAndAbortsAreNot) {
  auto rule = ruleFor(1);
  rule.destinations = {{1, {}}};
  configure({rule});
  const auto request = call("GET", "Origin: http://ok\r\n");
  EXPECT_THAT(answerTo(connect(), request, "upstream"), HasSubstr("allow-origin: http://ok\r\n"));
  rule.fault.emplace().abort =
      Abort{.http_status = 418, .grpc_status = {}, .http2_error = {}, .percentage = {1'000'000}};
  configure({rule});
  const auto aborted = answerTo(connect(), preflight_, "abort");
  EXPECT_THAT(aborted, StartsWith("HTTP/1.1 418 "));
  EXPECT_THAT(aborted, Not(HasSubstr("allow-origin")));
}

TEST_F(CrossOrigin, PreflightsWaitForDelays) {
  auto rule = ruleFor(1);
  rule.destinations = {{1, {}}};
  rule.fault.emplace().delay =
      sluice::Delay{.fixed_delay = 5s, .exponential_delay = {}, .percentage = {1'000'000}};
  configure({rule});
  Peer& client = connect();
  client.send(preflight_);
  ASSERT_TRUE(until([&] { return worker_->stats().delayed_requests == 1; }));
  // Another request uses the worker's scratch meanwhile.
  connect().send("BAD\r\n\r\n");
  settle();
  clock_.advance(5s);
  ASSERT_TRUE(until([&] { return client.received().ends_with("\r\n\r\n"); }));
  EXPECT_THAT(client.received(), HasSubstr("access-control-allow-methods: GET,PUT\r\n"));
}

}  // namespace
}  // namespace sluice::proxy::test
