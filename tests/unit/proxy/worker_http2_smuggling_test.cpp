// SPDX-License-Identifier: Apache-2.0
// Requests of HTTP/2 that would be something else once they are written as HTTP/1.1: the server
// sees none of them.
#include "tests/unit/proxy/http2_fixture.h"

namespace sluice::proxy::test {
namespace {

using namespace std::string_literals;

constexpr const char* kReset = "reset";

struct Hostile {
  FieldList fields;     ///< the whole head
  const char* outcome;  ///< kReset, or the status of the answer
};

FieldList with(const FieldList& more) {
  FieldList head{{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
  head.insert(head.end(), more.begin(), more.end());
  return head;
}
FieldList of(const std::string& method, const std::string& authority, const std::string& path) {
  return {{":method", method}, {":scheme", "http"}, {":authority", authority}, {":path", path}};
}

const std::string kInner = "/ HTTP/1.1\r\nHost: b\r\n\r\nGET /inner";

std::vector<Hostile> injections() {
  std::vector<Hostile> all{{of("GET", "a", kInner), kReset},
                           {of("GET", "a", "/\nx"), kReset},
                           {of("GET", "a", "/\rx"), kReset},
                           {of("GET", "a", "/\0x"s), kReset},
                           {of("GET", "a", "/ HTTP/1.1"), kReset},
                           {of("GET", "a", "/\tx"), kReset},
                           {of("GET / HTTP/1.1\r\nX:", "a", "/"), kReset},
                           {of("GET /inner", "a", "/"), kReset},
                           {of("", "a", "/"), kReset},
                           {of("GET", "a\r\nX: y", "/"), kReset},
                           {of("GET", "a b", "/"), kReset},
                           {of("GET", "a", "http://b/"), kReset},
                           {of("GET", "a", "*"), kReset},
                           {of("GET", "a", "x"), kReset},
                           {of("GET", "a", ""), kReset},
                           {of("GET", "a", "/#x"), "400"},
                           {of("GET", "a, b", "/"), kReset},
                           {of("GET", "", "/"), kReset}};
  for (const auto& value : {"a\r\nb: c"s, "a\nb"s, "a\rb"s, "a\0b"s, "a\x01"s, "a\x7f"s})
    all.push_back({with({{"x", value}}), kReset});
  for (const auto& name : {"x\r\ny"s, "x y"s, "x:y"s, "x\0"s, "x\x80"s, ""s, "transfer-encoding:"s})
    all.push_back({with({{name, "a"}}), kReset});
  return all;
}

std::vector<Hostile> framings() {
  return {{with({{"transfer-encoding", "chunked"}}), kReset},
          {with({{"content-length", "5"}}), kReset},
          {with({{"content-length", "0"}, {"content-length", "0"}}), kReset},
          {with({{"content-length", "+0"}}), kReset},
          {with({{"content-length", "0, 0"}}), kReset},
          {with({{"connection", "close"}}), kReset},
          {with({{"connection", "content-length"}}), kReset},
          {with({{"keep-alive", "1"}}), kReset},
          {with({{"proxy-connection", "close"}}), kReset},
          {with({{"upgrade", "h2c"}}), kReset},
          {with({{"te", "chunked"}}), kReset},
          {with({{"content_length", "5"}}), "400"},
          {with({{"transfer_encoding", "chunked"}}), "400"}};
}

std::vector<Hostile> pseudoFields() {
  return {{with({{":path", "/other"}}), kReset},
          {with({{":authority", "b"}}), kReset},
          {with({{"x", "y"}, {":path", "/"}}), kReset},
          {with({{":other", "x"}}), kReset},
          {with({{":status", "200"}}), kReset},
          {with({{"host", "a"}, {"host", "b"}}), kReset},
          {{{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}, kReset},
          {{{":scheme", "http"}, {":authority", "a"}, {":path", "/"}}, kReset},
          {{{":method", "GET"}, {":authority", "a"}, {":path", "/"}}, kReset},
          {{{"x", "y"}, {":method", "GET"}, {":scheme", "http"}, {":path", "/"}}, kReset}};
}

class Http2Smuggling : public Http2Test {
 protected:
  Http2Smuggling() {
    serve();
    routeToServers();
  }

  void expectOutcomes(const std::vector<Hostile>& all) {
    auto& end = client();
    for (const auto& hostile : all) {
      SCOPED_TRACE(testing::PrintToString(hostile.fields));
      const auto id = end.request(hostile.fields);
      EXPECT_TRUE(until([&] { return end.message(id).closed; }));
      const auto status = end.message(id).get(":status");
      EXPECT_EQ(status.empty() ? kReset : status, hostile.outcome);
      EXPECT_EQ(end.message(id).error == 0, !status.empty());
    }
    EXPECT_EQ(worker_->stats().refused_requests, all.size());
    EXPECT_TRUE(servers_[0]->connections().empty());
    // The connection is none the worse for it.
    end.get("/probe");
    EXPECT_EQ(request(), "GET /probe HTTP/1.1\r\nHost: a\r\n\r\n");
  }

  /// What the server gets of a request without a body.
  std::string seen(const FieldList& head) {
    auto& end = client();
    end.request(head);
    return request();
  }
};

TEST_F(Http2Smuggling, Injections) { expectOutcomes(injections()); }
TEST_F(Http2Smuggling, Framings) { expectOutcomes(framings()); }
TEST_F(Http2Smuggling, PseudoFields) { expectOutcomes(pseudoFields()); }

TEST_F(Http2Smuggling, AuthorityCountsBeforeHost) {
  EXPECT_EQ(seen(with({{"host", "b"}})), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_F(Http2Smuggling, LengthThatIsNotKept) {
  for (const auto* body : {"hell", "hello!"}) {
    auto& end = client();
    const size_t before = servers_[0]->connections().size();
    const auto id = end.post("/x", {{"content-length", "5"}});
    end.poll();
    ASSERT_TRUE(until([&] { return servers_[0]->connections().size() > before; }));
    request(before);
    end.send(id, body);
    end.finish(id);
    ASSERT_TRUE(until([&] { return end.message(id).closed; }));
    EXPECT_NE(end.message(id).error, 0u);
    Peer& half = servers_[0]->connection(before);
    EXPECT_TRUE(until([&] { return half.over(); })) << "kept with half a request on it";
    EXPECT_FALSE(half.received().ends_with("hello"));
  }
}

TEST_F(Http2Smuggling, TrailersThatFrame) {
  for (const auto* name : {"content-length", "content_length", "authorization"}) {
    SCOPED_TRACE(name);
    auto& end = client();
    const size_t before = servers_[0]->connections().size();
    const auto id = end.post("/x");
    end.poll();
    ASSERT_TRUE(until([&] { return servers_[0]->connections().size() > before; }));
    request(before);
    end.send(id, "hello");
    end.finish(id, {{name, "1"}});
    ASSERT_TRUE(until([&] { return end.message(id).closed; }));
    Peer& half = servers_[0]->connection(before);
    EXPECT_TRUE(until([&] { return half.over(); })) << "kept with half a request on it";
    EXPECT_FALSE(half.received().ends_with("\r\n\r\n0\r\n\r\n"));
    EXPECT_EQ(half.received().find(name), std::string::npos);
  }
}

TEST_F(Http2Smuggling, HostInTrailersIsLeftOut) {
  auto& end = client();
  const auto id = end.post("/x");
  end.send(id, "hello");
  end.finish(id, {{"host", "b"}, {"x", "y"}});
  ASSERT_FALSE(request().empty());
  Peer& backend = servers_[0]->connection(0);
  EXPECT_TRUE(until([&] { return backend.received().ends_with("0\r\nx: y\r\n\r\n"); }));
}

}  // namespace
}  // namespace sluice::proxy::test
