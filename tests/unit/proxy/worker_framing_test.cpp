// SPDX-License-Identifier: Apache-2.0
// Every kind of message, through the worker, between real sockets.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

class Framing : public WorkerTest {
 protected:
  Framing() {
    serve();
    routeToServers();
  }
  Peer& server(size_t index = 0) { return servers_[0]->connection(index); }

  /// `sent` arrives as `seen`; the answer `answered` arrives as `got`.
  void exchange(std::string_view sent, std::string_view seen, std::string_view answered,
                std::string_view got) {
    Peer& client = connect();
    client.send(sent);
    ASSERT_TRUE(until([&] {
      return !servers_[0]->connections().empty() && server().received().size() >= seen.size();
    }));
    EXPECT_EQ(server().received(), seen);
    server().send(answered);
    EXPECT_TRUE(until([&] { return client.received().size() >= got.size() || client.over(); }));
    EXPECT_EQ(client.received(), got);
  }
};

TEST_F(Framing, PassesHeadsOnAsTheyCame) {
  const std::string request = "GET /a%20b?x HTTP/1.1\r\nHOST: a\r\nX-Odd:  \t v \r\n\r\n";
  const std::string response = "HTTP/1.1 200 Fine\r\nServer: x\r\ncontent-LENGTH: 2\r\n\r\nok";
  exchange(request, request, response, response);
}

TEST_F(Framing, DropsHopByHopFields) {
  exchange(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\n"
      "Keep-Alive: 5\r\nX-End: 2\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX-End: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nKeep-Alive: 3\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
      kOk);
}

TEST_F(Framing, AbsoluteTargetBecomesOriginForm) {
  exchange("GET http://b:81/x HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n",
           "GET /x HTTP/1.1\r\nHost: b:81\r\nA: 1\r\n\r\n", kOk, kOk);
}

TEST_F(Framing, RequestBodyWithLength) {
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  exchange(request, request, kOk, kOk);
}

TEST_F(Framing, ChunksAndTrailersBothWays) {
  const std::string chunks = "3;a=b\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\n\r\n";
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
  const std::string response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
  exchange(request, request, response, response);
}

TEST_F(Framing, ShortResponseToAHeadThatCameInTwoPieces) {
  Peer& client = connect();
  const std::string request_head =
      "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(100, 'x') + "\r\n\r\n";
  client.send(std::string_view(request_head).substr(0, 120));
  settle();
  client.send(std::string_view(request_head).substr(120));
  ASSERT_EQ(request(), request_head);
  server().send(kOk);
  EXPECT_TRUE(receives(client, kOk));
}

TEST_F(Framing, ChunkedResponseInSingleBytes) {
  Peer& client = connect();
  client.send(kGet);
  request();
  const std::string response =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (size_t i = 0; i < response.size(); ++i) {
    server().send(response.substr(i, 1));
    until([&] { return server().unsent() == 0; });
  }
  EXPECT_TRUE(receives(client, response));
}

TEST_F(Framing, HeadAndBodilessStatusesHaveNoBody) {
  Peer& client = connect();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"},
      {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {kGet, "HTTP/1.1 204 No Content\r\n\r\n"},
      {kGet, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"}};
  for (const auto& [sent, answer] : cases) {
    client.received().clear();
    client.send(sent);
    ASSERT_EQ(request(), sent);
    server().received().clear();
    server().send(answer);
    ASSERT_TRUE(receives(client, answer));
  }
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
}

TEST_F(Framing, InterimResponsesComeBeforeTheFinalOne) {
  Peer& client = connect();
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_THAT(request(), testing::HasSubstr("Expect: 100-continue"));
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  server().send(interim);
  ASSERT_TRUE(receives(client, interim));
  client.send("abc");
  ASSERT_TRUE(until([&] { return server().received().ends_with("abc"); }));
  server().send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk);
  EXPECT_TRUE(receives(client, interim + "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk));
}

TEST_F(Framing, CloseDelimitedResponseClosesTheClientToo) {
  Peer& client = connect();
  client.send(kGet);
  request();
  server().send("HTTP/1.1 200 OK\r\n\r\nall there is");
  server().finish();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_EQ(client.received(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall there is");
  EXPECT_FALSE(client.wasReset());
}

TEST_F(Framing, CutResponseIsAReset) {
  Peer& client = connect();
  client.send(kGet);
  request();
  server().send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  server().finish();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_TRUE(client.wasReset());
  ASSERT_EQ(log_.entries.size(), 1u);
  EXPECT_EQ(log_.entries[0].flags, "UC");
}

TEST_F(Framing, Http10ClientGetsPlainBytesAndTheEnd) {
  Peer& client = connect();
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(request(), "GET / HTTP/1.1\r\nHost: a.default.svc.cluster.local\r\n\r\n");
  server().send(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: 1\r\n\r\n");
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_EQ(client.received(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde");
}

TEST_F(Framing, RulesSeeTheServiceOfWhoNamesNoHost) {
  TestRule rule;
  routing::RequestMatch match;
  match.authority = StringMatch{StringMatch::Kind::kExact, kHost};
  rule.matches = {match};
  rule.redirect = HttpRedirect{.uri = "/new"};
  configure({rule});
  EXPECT_THAT(answerTo(connect(), "GET /old HTTP/1.0\r\n\r\n", "\r\n\r\n"),
              testing::HasSubstr("location: http://" + std::string(kHost) + "/new\r\n"));
}

TEST_F(Framing, Http10IsRefusedWhereTheAgentSaysSo) {
  refuses_http10_ = true;
  routeToServers();
  Peer& client = connect();
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_THAT(client.received(), testing::StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_THAT(client.received(),
              testing::HasSubstr("\r\nupgrade: HTTP/1.1\r\n"
                                 "connection: upgrade\r\nconnection: close\r\n"));
  EXPECT_TRUE(servers_[0]->connections().empty());
  EXPECT_EQ(worker_->stats().refused_requests, 1u);
  EXPECT_EQ(log_.entries.at(0).host, kHost);
  EXPECT_EQ(responses(4), 1u);
  exchange(kGet, kGet, kOk, kOk);
}

TEST_F(Framing, Http10ServerIsNotReused) {
  Peer& client = connect();
  client.send(kGet + kGet);
  request();
  server().send("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_FALSE(request(1).empty());
  EXPECT_EQ(client.received(), kOk);
}

TEST_F(Framing, PipelinedRequestsAreAnsweredInOrder) {
  Peer& client = connect();
  client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1"
      "\r\n\r\nxGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  for (const char* path : {"/1", "/2", "/3"}) {
    ASSERT_TRUE(until([&] {
      return !servers_[0]->connections().empty() &&
             server().received().find(path) != std::string::npos;
    })) << path;
    settle();
    EXPECT_EQ(server().received().find("HTTP/1.1", server().received().find("HTTP/1.1") + 1),
              std::string::npos);
    server().received().clear();
    server().send(kOk);
  }
  EXPECT_TRUE(receives(client, kOk + kOk + kOk));
}

TEST_F(Framing, UpgradeToH2cIsIgnored) {
  exchange(
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
      "Connection: Upgrade, HTTP2-Settings\r\n\r\n",
      kGet, kOk, kOk);
}

TEST_F(Framing, SwitchingUnaskedIsABadGateway) {
  Peer& client = connect();
  client.send(kGet);
  request();
  server().send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
  ASSERT_TRUE(until([&] { return !client.received().empty(); }));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(log_.entries.at(0).flags, "UPE");
}

TEST_F(Framing, HalfClosedClientGetsItsResponse) {
  Peer& client = connect();
  client.send(kGet);
  client.finish();
  request();
  settle();
  server().send(kOk);
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_EQ(client.received(), kOk);
}

TEST_F(Framing, EarlyResponseGoesOutWhileTheRequestGoesOn) {
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  request();
  server().send(kOk);
  ASSERT_TRUE(receives(client, kOk));
  client.send("def");
  ASSERT_TRUE(until([&] { return server().received().ends_with("abcdef"); }));
  client.send(kGet);
  ASSERT_TRUE(until([&] { return server().received().ends_with(kGet); }));
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
}

TEST_F(Framing, EarlyResponseAndCloseEndTheClientsConnection) {
  Peer& client = connect();
  const std::string body(64 << 20, 'x');
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n" + body);
  request();
  server().stall(true);
  settle();
  server().send(kOk);
  server().finish();
  // A reset would tell the client nothing and may destroy the response.
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(client.received(), kOk);
}

std::string pattern(size_t size) {
  std::string bytes(size, 0);
  uint32_t x = 1;
  for (char& c : bytes) {
    x = x * 1664525 + 1013904223;
    c = static_cast<char>(x >> 24);
  }
  return bytes;
}

/// Envoy: from the end of the request to the response's head.
TEST_F(Framing, TheLogHasTheServersTimeAndOurAddress) {
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
  ASSERT_FALSE(request().empty());
  clock_.advance(5s);
  client.send("b");
  ASSERT_TRUE(until([&] { return server().received().ends_with("ab"); }));
  clock_.advance(3s);
  server().send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  ASSERT_TRUE(until([&] { return !client.received().empty(); }));
  clock_.advance(7s);
  server().send("ok");
  ASSERT_TRUE(receives(client, kOk));
  ASSERT_TRUE(until([&] { return !log_.entries.empty(); }));
  const auto& entry = log_.entries[0];
  EXPECT_EQ(entry.service_time, Duration(3s));
  EXPECT_EQ(entry.details, "via_upstream");
  ASSERT_TRUE(entry.upstream_local);
  EXPECT_EQ(entry.upstream_local->ip, *IpAddress::parse("127.0.0.1"));
  EXPECT_NE(entry.upstream_local->port, servers_[0]->address().port);
}

TEST_F(Framing, WhatIsRefusedCountsForTheServiceCalled) {
  Peer& client = connect();
  client.send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(until([&] { return !log_.entries.empty(); }));
  EXPECT_EQ(log_.entries[0].status, 400);
  EXPECT_EQ(log_.entries[0].flags, "DPE");
  EXPECT_EQ(log_.entries[0].host, kHost);
}

TEST_F(Framing, WhatTurnsMalformedBehindItsAnswerIsReported) {
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
  ASSERT_FALSE(request().empty());
  server().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nh");
  ASSERT_TRUE(until([&] { return client.received().ends_with("\r\n\r\nh"); }));
  client.send("zz\r\n");
  ASSERT_TRUE(until([&] { return client.wasReset(); }));
  ASSERT_EQ(log_.entries.size(), 1u);
  EXPECT_EQ(log_.entries[0].status, 200);
  EXPECT_EQ(log_.entries[0].flags, "DPE");
}

TEST_F(Framing, LargeBodiesBothWaysAtOnceWithBackPressure) {
  constexpr size_t kSize = 64 << 20;
  const std::string body = pattern(kSize);
  const std::string length = "Content-Length: " + std::to_string(kSize) + "\r\n\r\n";
  Peer& client = connect();
  client.stall(true);
  client.send("POST / HTTP/1.1\r\nHost: a\r\n" + length + body);
  request();
  server().stall(true);
  const std::string head = "HTTP/1.1 200 OK\r\n" + length;
  server().send(head + body);
  settle();
  EXPECT_LE(worker_->stats().lent_buffers, 2u);  // at most one each way, however much waits
  EXPECT_GT(client.unsent(), 0u);
  EXPECT_GT(server().unsent(), 0u);
  client.stall(false);
  server().stall(false);
  ASSERT_TRUE(until([&] { return client.received().size() >= head.size() + kSize; }));
  ASSERT_TRUE(until([&] { return server().received().size() > kSize && client.unsent() == 0; }));
  settle();
  EXPECT_TRUE(client.received() == head + body);
  EXPECT_TRUE(server().received().ends_with(body));
  EXPECT_EQ(worker_->stats().lent_buffers, 0u);
}

TEST_F(Framing, ClientResetCancelsTheUpstreamRequest) {
  Peer& client = connect();
  client.send(kGet);
  request();
  client.reset();
  ASSERT_TRUE(until([&] { return server().over(); }));
  EXPECT_EQ(log_.entries.at(0).flags, "DC");
  EXPECT_EQ(worker_->stats().client_aborts, 1u);
}

}  // namespace
}  // namespace sluice::proxy::test
