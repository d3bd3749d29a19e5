// SPDX-License-Identifier: Apache-2.0
// Clients and servers that speak HTTP/2, in all combinations with HTTP/1.1.
#include "tests/unit/proxy/http2_fixture.h"

namespace sluice::proxy::test {
namespace {

using Http2 = Http2Test;

TEST_F(Http2, RequestsReachServersOfHttp1) {
  serve([](std::string_view head) {
    EXPECT_EQ(head, "GET /x?y HTTP/1.1\r\nHost: a\r\nuser-group: beta\r\n\r\n");
    return kOk;
  });
  routeToServers();
  auto& end = client();
  const auto id = end.get("/x?y", {{"user-group", "beta"}});
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).get(":status"), "200");
  EXPECT_EQ(end.message(id).get("content-length"), "2");
  EXPECT_EQ(end.message(id).body, "ok");
  EXPECT_EQ(end.message(id).error, 0u);
  EXPECT_EQ(worker_->stats().http2_connections, 1u);
}

TEST_F(Http2, OperationsKnowWhatTheClientSpeaks) {
  serve([](std::string_view) { return kOk; });
  TestRule rule;
  rule.destinations = {{1, {1}}};
  rule.headers.response.set = {{"x-spoken", "%PROTOCOL%"}};
  configure({rule});
  auto& end = client();
  const auto id = end.get("/");
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).get("x-spoken"), "HTTP/2");
  EXPECT_THAT(answerTo(connect(), kGet), testing::HasSubstr("x-spoken: HTTP/1.1\r\n"));
  EXPECT_THAT(answerTo(connect(), "GET / HTTP/1.0\r\n\r\n"),
              testing::HasSubstr("x-spoken: HTTP/1.0\r\n"));
}

/// useClientProtocol, and ports of no declared protocol.
TEST_F(Http2, ServersThatFollowTheClientGetItsVersion) {
  serve();
  serve();
  TestRule rule;
  rule.destinations = {{1, {1}}};
  rule.mirrors = {{2, {1'000'000}}};
  rule.version = UpstreamVersion::kAsClient;
  configure({rule});
  client().get("/");
  connect().send(kGet);
  for (const auto& server : servers_) {
    ASSERT_TRUE(until([&] { return server->connections().size() == 2; }));
    std::vector<std::string> first;
    for (const auto& connection : server->connections()) {
      ASSERT_TRUE(until([&] { return connection->received().size() >= 3; }));
      first.push_back(connection->received().substr(0, 3));
    }
    EXPECT_THAT(first, testing::UnorderedElementsAre("PRI", "GET"));
  }
}

TEST_F(Http2, BodiesOfUnknownLengthAreChunkedForHttp1) {
  serve();
  routeToServers();
  auto& end = client();
  const auto id = end.post("/upload");
  end.send(id, "hello ");
  ASSERT_TRUE(until([&] {
    return !servers_[0]->connections().empty() &&
           servers_[0]->connection(0).received().ends_with("6\r\nhello \r\n");
  }));
  end.send(id, "world");
  end.finish(id, {{"x-sum", "1"}});
  ASSERT_TRUE(until([&] {
    return servers_[0]->connection(0).received().ends_with(
        "6\r\nhello \r\n5\r\nworld\r\n0\r\nx-sum: 1\r\n\r\n");
  })) << servers_[0]->connection(0).received();
  servers_[0]->connection(0).send(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
      "3;e=1\r\nabc\r\n0\r\nX-T: v\r\n\r\n");
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).body, "abc");
  EXPECT_EQ(end.message(id).trailers, (FieldList{{"x-t", "v"}}));
}

TEST_F(Http2, InterimResponsesAndHeadsPass) {
  serve([](std::string_view) {
    return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
           "Content-Length: 5\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n";
  });
  routeToServers();
  auto& end = client();
  const auto id =
      end.request({{":method", "HEAD"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}});
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).interim, std::vector<std::string>{"103"});
  EXPECT_EQ(end.message(id).get("content-length"), "5");
  EXPECT_EQ(end.message(id).get("x-end"), "2");
  EXPECT_EQ(end.message(id).get("x-hop"), "");
  EXPECT_EQ(end.message(id).get("connection"), "");
}

TEST_F(Http2, RulesAnswerThemselves) {
  TestRule redirect;
  redirect.matches = {};
  redirect.redirect = HttpRedirect{};
  redirect.redirect->uri = "/new";
  configure({redirect});
  auto& end = client();
  const auto id = end.get("/old");
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).get(":status"), "301");
  EXPECT_EQ(end.message(id).get("location"), "http://a/new");
  configure({});
  const auto grpc = end.get("/b", {{"content-type", "application/grpc"}, {"te", "trailers"}});
  ASSERT_TRUE(until([&] { return end.message(grpc).closed; }));
  EXPECT_EQ(end.message(grpc).get(":status"), "200");
  EXPECT_EQ(end.message(grpc).get("grpc-status"), "12");
  ASSERT_EQ(log_.entries.size(), 2u);
  EXPECT_FALSE(log_.entries[0].grpc);
  EXPECT_EQ(log_.entries[0].grpc_status, -1);
  EXPECT_TRUE(log_.entries[1].grpc);
  EXPECT_EQ(log_.entries[1].grpc_status, 12);
}

TEST_F(Http2, GrpcCallsOfAllKindsPass) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.post("/p.S/Chat", {{"content-type", "application/grpc"}, {"te", "trailers"}});
  auto& backend = server();
  const auto at = requestAt(backend);
  const auto& request = backend.message(at);
  EXPECT_EQ(request.get(":path"), "/p.S/Chat");
  EXPECT_EQ(request.get(":authority"), "a");
  EXPECT_EQ(request.get("te"), "trailers");
  EXPECT_EQ(request.get("transfer-encoding"), "");
  // Both sides speak at once, as long as they like.
  for (const char* word : {"one", "two", "three"}) {
    end.send(id, word);
    ASSERT_TRUE(until([&] { return request.body.ends_with(word); }));
    if (word == std::string("one"))
      backend.respond(at, {{":status", "200"}, {"content-type", "application/grpc"}}, true);
    backend.send(at, word);
    ASSERT_TRUE(until([&] { return end.message(id).body.ends_with(word); }));
  }
  end.finish(id);
  ASSERT_TRUE(until([&] { return request.ended; }));
  backend.finish(at, {{"grpc-status", "0"}, {"grpc-message", "fine"}});
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).body, "onetwothree");
  EXPECT_EQ(end.message(id).trailers, (FieldList{{"grpc-status", "0"}, {"grpc-message", "fine"}}));
  EXPECT_EQ(end.message(id).error, 0u);
}

TEST_F(Http2, AnswersOfTrailersAloneEndWithTheirHead) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.get("/p.S/M", {{"content-type", "application/grpc"}});
  auto& backend = server();
  const auto at = requestAt(backend);
  backend.respond(
      at, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "5"}}, false);
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).get("grpc-status"), "5");
  EXPECT_TRUE(end.message(id).trailers.empty());
  EXPECT_TRUE(end.message(id).body.empty());
  ASSERT_EQ(log_.entries.size(), 1u);
  EXPECT_EQ(log_.entries[0].grpc_status, 5);
  ASSERT_TRUE(log_.entries[0].upstream_local);
  EXPECT_EQ(log_.entries[0].upstream_local->ip, *IpAddress::parse("127.0.0.1"));
}

TEST_F(Http2, WhatTheTrailersSayIsTheStatusOfACall) {
  serve();
  routeAsHttp2();
  auto& end = client();
  struct Answer {
    FieldList head, trailers;
    int status;
  };
  const std::vector<Answer> answers = {{{}, {{"grpc-status", "14"}}, 14},
                                       {{{"grpc-status", "5"}}, {{"grpc-status", "0"}}, 0},
                                       {{{"grpc-status", "5"}}, {{"x-t", "1"}}, 5},
                                       {{}, {{"grpc-status", "17"}}, 2},
                                       {{}, {{"grpc-status", "00000000"}}, 2},
                                       {{}, {}, 2}};
  for (const auto& answer : answers) {
    const auto id = end.get("/p.S/M", {{"content-type", "application/grpc"}});
    auto& backend = server();
    ASSERT_TRUE(until([&] { return backend.messages().size() == log_.entries.size() + 1; }));
    const auto at = requestAt(backend);
    FieldList head = {{":status", "200"}, {"content-type", "application/grpc"}};
    head.insert(head.end(), answer.head.begin(), answer.head.end());
    backend.respond(at, head, true);
    backend.finish(at, answer.trailers);
    ASSERT_TRUE(until([&] { return end.message(id).closed; }));
    EXPECT_EQ(log_.entries.back().status, 200);
    EXPECT_EQ(log_.entries.back().grpc_status, answer.status);
  }
}

TEST_F(Http2, CallsThatAreCutHaveAnUnknownStatus) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.get("/p.S/M", {{"content-type", "application/grpc"}});
  auto& backend = server();
  const auto at = requestAt(backend);
  backend.respond(at, {{":status", "200"}, {"content-type", "application/grpc"}}, true);
  ASSERT_TRUE(until([&] { return !end.message(id).head.empty(); }));
  backend.reset(at, NGHTTP2_INTERNAL_ERROR);
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(log_.entries.at(0).grpc_status, 2);
  EXPECT_EQ(log_.entries.at(0).flags, "UR");
}

TEST_F(Http2, ClientsOfHttp1ReachServersOfHttp2) {
  serve();
  routeAsHttp2();
  Peer& plain = connect();
  plain.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-Case: 1\r\n\r\nhi");
  auto& backend = server();
  const auto at = requestAt(backend);
  ASSERT_TRUE(until([&] { return backend.message(at).ended; }));
  EXPECT_EQ(backend.message(at).get("x-case"), "1");
  EXPECT_EQ(backend.message(at).get("content-length"), "2");
  EXPECT_EQ(backend.message(at).body, "hi");
  backend.respond(at, {{":status", "404"}, {"x-b", "2"}}, true);
  backend.send(at, "none");
  backend.finish(at, {{"x-t", "3"}});
  EXPECT_TRUE(receives(plain,
                       "HTTP/1.1 404 Not Found\r\nx-b: 2\r\ntransfer-encoding: chunked\r\n\r\n"
                       "4\r\nnone\r\n0\r\nx-t: 3\r\n\r\n"))
      << plain.received();
}

TEST_F(Http2, RequestsShareAConnectionAndAreAnsweredInAnyOrder) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const std::vector<int32_t> ids{end.get("/0"), end.get("/1"), end.get("/2")};
  auto& backend = server();
  ASSERT_TRUE(until([&] { return backend.messages().size() == 3; }));
  settle();
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
  for (auto at = backend.messages().rbegin(); at != backend.messages().rend(); ++at) {
    const auto index = static_cast<size_t>(at->second.get(":path")[1] - '0');
    backend.respond(at->first, {{":status", "20" + std::to_string(index)}}, false);
    ASSERT_TRUE(until([&] { return end.message(ids[index]).closed; }));
    EXPECT_EQ(end.message(ids[index]).get(":status"), "20" + std::to_string(index));
  }
}

TEST_F(Http2, LargeBodiesArriveWhole) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.post("/big");
  std::string body(3 << 20, 'a');
  for (size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('b' + i % 20);
  end.send(id, body);
  end.finish(id);
  auto& backend = server();
  const auto at = requestAt(backend);
  ASSERT_TRUE(until([&] { return backend.message(at).ended; }));
  EXPECT_TRUE(backend.message(at).body == body);
  backend.respond(at, {{":status", "200"}}, true);
  backend.send(at, body);
  backend.finish(at);
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_TRUE(end.message(id).body == body);
}

TEST_F(Http2, RefusedRequestsAreSentAgain) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.post("/x");
  end.send(id, "body");
  end.finish(id);
  auto& backend = server();
  const auto at = requestAt(backend);
  backend.reset(at, NGHTTP2_REFUSED_STREAM);
  ASSERT_TRUE(inTime([&] { return backend.messages().size() == 2; }));
  const auto again = backend.messages().rbegin()->first;
  ASSERT_TRUE(until([&] { return backend.message(again).ended; }));
  EXPECT_EQ(backend.message(again).body, "body");
  backend.respond(again, {{":status", "200"}}, false);
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).get(":status"), "200");
}

TEST_F(Http2, AfterGoAwayRequestsTakeAnotherConnection) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto first = end.get("/1");
  auto& backend = server();
  const auto at = requestAt(backend);
  nghttp2_submit_goaway(backend.session(), NGHTTP2_FLAG_NONE, at, NGHTTP2_NO_ERROR, nullptr, 0);
  settle();
  const auto second = end.get("/2");
  auto& other = server(1);
  const auto at_other = requestAt(other);
  other.respond(at_other, {{":status", "202"}}, false);
  backend.respond(at, {{":status", "201"}}, false);
  ASSERT_TRUE(until([&] { return end.message(first).closed && end.message(second).closed; }));
  EXPECT_EQ(end.message(first).get(":status"), "201");
  EXPECT_EQ(end.message(second).get(":status"), "202");
  // The old connection ends with its last request.
  EXPECT_TRUE(until([&] { return servers_[0]->connection(0).over(); }));
}

TEST_F(Http2, AServerThatClosesFailsItsRequestsOnly) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.post("/x");
  auto& backend = server();
  requestAt(backend);
  backend.peer().close();
  ASSERT_TRUE(until([&] { return !end.message(id).head.empty(); }));
  EXPECT_EQ(end.message(id).get(":status"), "503");
  EXPECT_FALSE(end.goAway());
}

TEST_F(Http2, OneConnectFailureIsRetriedForAllWhoWait) {
  serve();
  routeAsHttp2();
  sockets_.failures.emplace_back(Error::Code::kUnavailable, "refused");
  auto& end = client();
  const auto first = end.get("/1");
  const auto second = end.get("/2");
  auto& backend = server();
  ASSERT_TRUE(inTime([&] { return backend.messages().size() == 2; }));
  for (const auto& [id, message] : backend.messages())
    backend.respond(id, {{":status", "200"}}, false);
  ASSERT_TRUE(until([&] { return end.message(first).closed && end.message(second).closed; }));
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
}

}  // namespace
}  // namespace sluice::proxy::test
