// SPDX-License-Identifier: Apache-2.0
// Endpoints that fail again and again.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class OutlierRequests : public WorkerTest {
 protected:
  /// Two errors in a row, from any share of the servers.
  void watchServers(std::optional<std::chrono::nanoseconds> timeout = {}) {
    TestRule rule;
    rule.timeout = timeout;
    rule.outliers.emplace().consecutive_5xx_errors = 2;
    rule.outliers->max_ejection_percent = 100;
    rule.retries.emplace().attempts = 0;
    std::vector<uint32_t> ids;
    for (uint32_t id = 1; id <= servers_.size(); ++id) ids.push_back(id);
    rule.destinations = {{1, ids}};
    configure({rule});
  }
  Server& failing(int status = 500) {
    return serve([status](auto) {
      return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 2\r\n\r\nno";
    });
  }
  Server& good() {
    return serve([](auto) { return kOk; });
  }
  std::string status() {
    Peer& client = connect();
    client.send(kGet);
    until([&] { return client.received().size() > 12 || client.over(); });
    return client.over() ? "" : client.received().substr(9, 3);
  }
  std::set<SocketAddress> ejected() const { return outliers_.status().at("11").ejected; }
};

TEST_F(OutlierRequests, ErrorsTakeAnEndpointOutAtOnce) {
  failing();
  good();
  watchServers();
  size_t errors = 0;
  for (int i = 0; i < 40; ++i) errors += status() == "500" ? 1 : 0;
  EXPECT_EQ(errors, 2u);
  EXPECT_THAT(ejected(), testing::ElementsAre(servers_[0]->address()));
}

TEST_F(OutlierRequests, WithoutAnyLeftThereIsNobody) {
  failing();
  watchServers();
  EXPECT_EQ(status(), "500");
  EXPECT_EQ(status(), "500");
  EXPECT_THAT(answerTo(connect(), kGet, "upstream"), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(log_.entries.back().flags, "UH");
  EXPECT_EQ(servers_[0]->requests(), 2u);
}

TEST_F(OutlierRequests, ConnectionsThatCannotBeMadeCount) {
  good();
  watchServers();
  sockets_.failures.assign(2, Error(Error::Code::kUnavailable, "refused"));
  EXPECT_EQ(status(), "503");
  EXPECT_EQ(status(), "503");
  EXPECT_THAT(ejected(), SizeIs(1));
}

TEST_F(OutlierRequests, SilentServersCount) {
  serve();
  watchServers();
  for (size_t i = 0; i < 2; ++i) {
    Peer& client = connect();
    client.send(kGet);
    request(i);
    servers_[0]->connection(i).reset();
    ASSERT_TRUE(until([&] { return client.received().ends_with("termination"); }));
  }
  EXPECT_THAT(ejected(), SizeIs(1));
}

TEST_F(OutlierRequests, TimeoutsCountAsLongAsThereIsNoAnswer) {
  serve();
  watchServers(5s);
  for (size_t i = 0; i < 2; ++i) {
    Peer& client = connect();
    client.send(kGet);
    request(i);
    clock_.advance(5s);
    ASSERT_TRUE(until([&] { return client.received().ends_with("timeout"); }));
  }
  EXPECT_THAT(ejected(), SizeIs(1));
}

/// Envoy: or clients could take servers from others by reading slowly.
TEST_F(OutlierRequests, TimeoutsInTheMiddleOfABodyDoNotCount) {
  serve();
  watchServers(5s);
  for (size_t i = 0; i < 3; ++i) {
    Peer& client = connect();
    client.send(kGet);
    request(i);
    servers_[0]->connection(i).send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal");
    ASSERT_TRUE(until([&] { return client.received().ends_with("hal"); }));
  }
  clock_.advance(5s);
  ASSERT_TRUE(until([&] { return log_.entries.size() == 3; }));
  for (const auto& entry : log_.entries) EXPECT_EQ(entry.flags, "UT");
  EXPECT_THAT(ejected(), IsEmpty());
}

/// Envoy: of gRPC what `grpc-status` of the head stands for; what is in trailers comes too late.
TEST_F(OutlierRequests, StatusesOfGrpcCount) {
  serve([](auto) { return "HTTP/1.1 200 X\r\ngrpc-status: 14\r\nContent-Length: 2\r\n\r\nok"; });
  watchServers();
  const auto call = [&](const std::string& type) {
    const auto head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: " + type + "\r\n";
    return answerTo(connect(), head + "Content-Length: 0\r\n\r\n");
  };
  for (int i = 0; i < 3; ++i) EXPECT_THAT(call("text/plain"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ejected(), IsEmpty());
  for (int i = 0; i < 2; ++i) EXPECT_THAT(call("application/grpc"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ejected(), SizeIs(1));
}

TEST_F(OutlierRequests, AnswersOfTheProxyItselfDoNotCount) {
  good();
  TestRule rule;
  rule.outliers.emplace().consecutive_5xx_errors = 1;
  rule.outliers->max_ejection_percent = 100;
  rule.destinations = {{1, {1}}};
  rule.fault.emplace().abort = Abort{};
  rule.fault->abort->http_status = 503;
  rule.fault->abort->percentage = {1'000'000};
  configure({rule});
  EXPECT_EQ(status(), "503");
  EXPECT_THAT(ejected(), IsEmpty());
}

}  // namespace
}  // namespace sluice::proxy::test
