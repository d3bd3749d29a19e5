// SPDX-License-Identifier: Apache-2.0
// HTTP/2 that is cut off, too large, stalled, malformed or told to end.
#include "tests/unit/proxy/http2_fixture.h"

namespace sluice::proxy::test {
namespace {

class Http2Limits : public Http2Test {
 protected:
  /// A request to "http://other/" or so: refused by its head, and no session has told of it.
  void expectRefusedUnseen(const std::string& target) {
    EXPECT_EQ(worker_->stats().refused_requests, 1u);
    EXPECT_TRUE(servers_[0]->connections().empty());
    ASSERT_EQ(log_.entries.size(), 1u);
    EXPECT_EQ(log_.entries[0].status, 0);
    EXPECT_EQ(log_.entries[0].flags, "DPE");
    EXPECT_EQ(log_.entries[0].target, target);
    EXPECT_EQ(log_.entries[0].host, kHost);
  }
};

TEST_F(Http2Limits, WhoIsNotReadHoldsUpNobody) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto stalled = end.post("/stalled");
  auto& backend = server();
  const auto at = requestAt(backend);
  nghttp2_session_set_local_window_size(backend.session(), NGHTTP2_FLAG_NONE, at, 0);
  end.send(stalled, std::string(4 << 20, 'x'));
  settle();
  const auto other = end.get("/other");
  ASSERT_TRUE(until([&] { return backend.messages().size() == 2; }));
  const auto at_other = backend.messages().rbegin()->first;
  backend.respond(at_other, {{":status", "200"}}, false);
  ASSERT_TRUE(until([&] { return end.message(other).closed; }));
  // The rest is still with the client: nobody took more than windows and buffers hold.
  EXPECT_LT(backend.message(at).body.size(), 1u << 20);
}

TEST_F(Http2Limits, ACancelledRequestIsCancelledAtTheServer) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.post("/x");
  auto& backend = server();
  const auto at = requestAt(backend);
  end.reset(id, NGHTTP2_CANCEL);
  ASSERT_TRUE(until([&] { return backend.message(at).closed; }));
  EXPECT_EQ(backend.message(at).error, static_cast<uint32_t>(NGHTTP2_CANCEL));
  EXPECT_EQ(worker_->stats().client_aborts, 1u);
  // The connections live on.
  const auto next = end.get("/y");
  ASSERT_TRUE(until([&] { return backend.messages().size() == 2; }));
  backend.respond(backend.messages().rbegin()->first, {{":status", "200"}}, false);
  ASSERT_TRUE(until([&] { return end.message(next).closed; }));
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
}

TEST_F(Http2Limits, AResponseThatIsCutIsReset) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.get("/x");
  auto& backend = server();
  const auto at = requestAt(backend);
  backend.respond(at, {{":status", "200"}}, true);
  backend.send(at, "half");
  ASSERT_TRUE(until([&] { return end.message(id).body == "half"; }));
  backend.reset(at, NGHTTP2_INTERNAL_ERROR);
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_NE(end.message(id).error, 0u);
  EXPECT_FALSE(end.message(id).ended);
}

TEST_F(Http2Limits, HeadsThatAreTooLargeAreRefused) {
  serve();
  routeAsHttp2();
  auto& end = client();
  FieldList many;
  for (int i = 0; i < 40; ++i) many.push_back({"x-" + std::to_string(i), std::string(2000, 'a')});
  const auto large = end.get("/", many);
  ASSERT_TRUE(until([&] { return end.message(large).closed; }));
  EXPECT_EQ(end.message(large).get(":status"), "431");
  FieldList more;
  for (int i = 0; i < 150; ++i) more.push_back({"x-" + std::to_string(i), "a"});
  const auto numerous = end.get("/", more);
  ASSERT_TRUE(until([&] { return end.message(numerous).closed; }));
  EXPECT_EQ(end.message(numerous).get(":status"), "431");
  EXPECT_EQ(worker_->stats().refused_requests, 2u);
  EXPECT_TRUE(servers_[0]->connections().empty());
  ASSERT_EQ(log_.entries.size(), 2u);
  for (const auto& entry : log_.entries) {
    EXPECT_EQ(entry.status, 431);
    EXPECT_EQ(entry.flags, "DPE");
    EXPECT_EQ(entry.host, kHost);
  }
  EXPECT_EQ(log_.entries[0].method, "GET");
  EXPECT_EQ(log_.entries[0].protocol, "HTTP/2");
}

TEST_F(Http2Limits, PathsThatMeanMoreInHttp1AreRefused) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.request(
      {{":method", "GET"}, {":scheme", "gopher"}, {":authority", "a"}, {":path", "http://other/"}});
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).error, static_cast<uint32_t>(NGHTTP2_PROTOCOL_ERROR));
  expectRefusedUnseen("http://other/");
}

TEST_F(Http2Limits, InvalidFieldsAreNotLeftOut) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.get("/", {{"x", "a\r\nb: c"}});
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).error, static_cast<uint32_t>(NGHTTP2_PROTOCOL_ERROR));
  expectRefusedUnseen("/");
}

/// Of a request that has its session there is one report.
TEST_F(Http2Limits, MalformedTrailersAreReportedOnce) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.post("/x");
  requestAt(server());
  end.finish(id, {{"x", "a\r\nb: c"}});
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  settle();
  EXPECT_EQ(worker_->stats().refused_requests, 1u);
  EXPECT_EQ(log_.entries.size(), 1u);
}

TEST_F(Http2Limits, ConnectIsNotImplemented) {
  routeToServers();
  auto& end = client();
  const auto id = end.request({{":method", "CONNECT"}, {":authority", "a:80"}});
  ASSERT_TRUE(until([&] { return !end.message(id).head.empty(); }));
  EXPECT_EQ(end.message(id).get(":status"), "501");
}

TEST_F(Http2Limits, DrainingFinishesWhatIsUnderWay) {
  serve();
  routeAsHttp2();
  auto& end = client();
  const auto id = end.get("/x");
  auto& backend = server();
  const auto at = requestAt(backend);
  bool drained = false;
  worker_->drain(60s, [&] { drained = true; });
  ASSERT_TRUE(until([&] { return end.goAway(); }));
  EXPECT_FALSE(drained);
  backend.respond(at, {{":status", "200"}}, false);
  ASSERT_TRUE(until([&] { return drained; }));
  EXPECT_EQ(end.message(id).get(":status"), "200");
  EXPECT_TRUE(until([&] { return end.peer().over(); }));
}

TEST_F(Http2Limits, IdleConnectionsExpire) {
  rebuild({.client_idle = 5s});
  serve([](std::string_view) { return kOk; });
  routeToServers();
  auto& end = client();
  const auto id = end.get("/");
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  settle();
  EXPECT_EQ(worker_->stats().open_connections, 1u);
  clock_.advance(6s);
  ASSERT_TRUE(until([&] { return end.peer().over(); }));
  EXPECT_TRUE(end.goAway());
  EXPECT_EQ(worker_->stats().open_connections, 0u);
  EXPECT_EQ(worker_->stats().lent_buffers, 0u);
}

TEST_F(Http2Limits, GarbageEndsTheConnection) {
  serve();
  routeAsHttp2();
  Peer& raw = connect();
  raw.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(64, '\xff'));
  ASSERT_TRUE(until([&] { return raw.over(); }));
  EXPECT_EQ(worker_->stats().open_connections, 0u);
}

}  // namespace
}  // namespace sluice::proxy::test
