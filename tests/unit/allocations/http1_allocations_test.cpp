// SPDX-License-Identifier: Apache-2.0
// A request of HTTP/1.1 on kept connections allocates nothing.
#include "tests/unit/allocations/counted_worker.h"

namespace sluice::proxy::test {
namespace {

const std::string kLong(60, 'l');  // too long for a string's own room

class Http1Allocations : public Counted<WorkerTest> {
 protected:
  Http1Allocations() {
    for (int i = 0; i < 4; ++i) serve([](std::string_view) { return kOk; });
  }

  static TestRule toAllServers() {
    TestRule rule;
    rule.destinations = {{1, {1, 2, 3, 4}}};
    return rule;
  }
  double ofOneClient(const std::string& request, std::string_view end = "ok") {
    Peer& client = connect();
    return perRequest([&] { EXPECT_THAT(answerTo(client, request, end), testing::EndsWith(end)); });
  }
};

TEST_F(Http1Allocations, OfARuleByHeader) {
  TestRule by_header = toAllServers();
  by_header.matches.emplace_back().headers["user-group"] = {StringMatch::Kind::kExact, "beta"};
  configure({by_header, toAllServers()});
  EXPECT_EQ(ofOneClient("GET / HTTP/1.1\r\nHost: a\r\nuser-group: beta\r\n\r\n"), 0);
}

TEST_F(Http1Allocations, OfWeightedDestinations) {
  TestRule rule;
  rule.destinations = {{90, {1, 2}}, {10, {3, 4}}};
  configure({rule});
  EXPECT_EQ(ofOneClient(kGet), 0);
}

TEST_F(Http1Allocations, OfBodiesBothWays) {
  const std::string large(20'000, 'b');
  serve([&](std::string_view) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 20002\r\n\r\n" + large + "ok";
  });
  TestRule rule;
  rule.destinations = {{1, {5}}};
  configure({rule});
  EXPECT_EQ(ofOneClient("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" + large), 0);
}

TEST_F(Http1Allocations, OfChunks) {
  serve([](std::string_view text) {
    if (text.starts_with("POST")) return "";  // what ends alike follows: the chunks
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
  });
  TestRule rule;
  rule.destinations = {{1, {5}}};
  configure({rule});
  EXPECT_EQ(ofOneClient("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nabc\r\n0\r\n\r\n",
                        "0\r\n\r\n"),
            0);
}

TEST_F(Http1Allocations, OfHeaderOperations) {
  TestRule rule = toAllServers();
  rule.headers.request.set = {{"x-set", kLong}, {"x-path", kLong + "%REQ(:path)%"}};
  rule.headers.request.add = {{"x-add", kLong}};
  rule.headers.request.remove = {"x-secret"};
  rule.headers.response.set = {{"server", kLong}};
  rule.headers.response.add = {{"x-asked", "%REQ(user-agent)%"}};
  configure({rule});
  EXPECT_EQ(ofOneClient("GET /" + kLong +
                        " HTTP/1.1\r\nHost: a\r\nx-secret: 1\r\nuser-agent: " + kLong + "\r\n\r\n"),
            0);
}

TEST_F(Http1Allocations, OfTimeouts) {
  TestRule rule = toAllServers();
  rule.timeout = 15s;
  rule.retries.emplace().attempts = 2;
  rule.retries->per_try_timeout = 5s;
  configure({rule});
  EXPECT_EQ(ofOneClient(kGet), 0);
}

TEST_F(Http1Allocations, OfLimits) {
  TestRule rule = toAllServers();
  rule.pool.emplace();
  rule.pool->http.emplace().http1_max_pending_requests = 10;
  rule.outliers.emplace().consecutive_5xx_errors = 2;
  configure({rule});
  EXPECT_EQ(ofOneClient(kGet), 0);
}

TEST_F(Http1Allocations, OfManyClientsAtOnce) {
  TestRule rule;
  rule.destinations = {{1, {1}}};
  configure({rule});
  constexpr int kClients = 16;
  for (int i = 0; i < kClients; ++i) connect();
  const auto askAll = [&] {
    for (auto& client : clients_) {
      client->received().clear();
      client->send(kGet);
    }
    EXPECT_TRUE(until([&] {
      return std::ranges::all_of(clients_, [](auto& each) { return each->received() == kOk; });
    }));
  };
  EXPECT_EQ(perRequest(askAll, kClients), 0);
}

}  // namespace
}  // namespace sluice::proxy::test
