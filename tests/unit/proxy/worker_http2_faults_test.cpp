// SPDX-License-Identifier: Apache-2.0
// What servers of HTTP/2 do wrong, to streams and to connections.
#include <functional>

#include "tests/unit/proxy/hostile_requests.h"
#include "tests/unit/proxy/http2_fixture.h"

namespace sluice::proxy::test {
namespace {

struct StreamFault {
  const char* name;
  std::function<void(Http2Peer& server, int32_t stream)> commit;
  const char* status;  ///< that the client gets; empty: a reset in the middle of the response
  const char* flags;
};

const FieldList kFine{{":status", "200"}};

void half(Http2Peer& server, int32_t stream, const FieldList& head) {
  server.respond(stream, head, true);
  server.send(stream, "half");
}

const std::vector<StreamFault> kStreamFaults = {
    {"reset before the head",
     [](auto& server, int32_t stream) { server.reset(stream, NGHTTP2_INTERNAL_ERROR); }, "503",
     "UR"},
    {"cancelled before the head",
     [](auto& server, int32_t stream) { server.reset(stream, NGHTTP2_CANCEL); }, "503", "UR"},
    {"reset in the body",
     [](auto& server, int32_t stream) {
       half(server, stream, kFine);
       server.poll();
       server.reset(stream, NGHTTP2_INTERNAL_ERROR);
     },
     "", "UR"},
    {"shorter than it says",
     [](auto& server, int32_t stream) {
       half(server, stream, {{":status", "200"}, {"content-length", "10"}});
       server.finish(stream);
     },
     "", "UPE"},
    {"longer than it says",
     [](auto& server, int32_t stream) {
       half(server, stream, {{":status", "200"}, {"content-length", "2"}});
     },
     "", "UPE"},
    {"no status", [](auto& server, int32_t stream) { server.respond(stream, {{"a", "b"}}, false); },
     "502", "UPE"},
    {"two statuses",
     [](auto& server, int32_t stream) {
       server.respond(stream, {{":status", "200"}, {":status", "404"}}, false);
     },
     "502", "UPE"},
    {"status 99",
     [](auto& server, int32_t stream) { server.respond(stream, {{":status", "099"}}, false); },
     "502", "UPE"},
    {"status 0",
     [](auto& server, int32_t stream) { server.respond(stream, {{":status", "000"}}, false); },
     "503", "UC"},
    {"two lengths",
     [](auto& server, int32_t stream) {
       server.respond(
           stream, {{":status", "200"}, {"content-length", "1"}, {"content-length", "2"}}, false);
     },
     "502", "UPE"},
    {"transfer-encoding",
     [](auto& server, int32_t stream) {
       server.respond(stream, {{":status", "200"}, {"transfer-encoding", "chunked"}}, false);
     },
     "502", "UPE"},
    {"line feed in a field",
     [](auto& server, int32_t stream) {
       server.respond(stream, {{":status", "200"}, {"a", "b\r\nc: d"}}, false);
     },
     "502", "UPE"},
    {"too large a head",
     [](auto& server, int32_t stream) {
       server.respond(stream, {{":status", "200"}, {"a", std::string(size_t{70} * 1024, 'x')}},
                      false);
     },
     "502", "UPE"},
};

class Http2Faults : public Http2Test {
 protected:
  Http2Faults() {
    serve();
    routeAsHttp2();
  }

  /// The stream of the request that came last.
  static int32_t lastOf(Http2Peer& server) { return server.messages().rbegin()->first; }

  int32_t sendFrom(Peer& client, Http2Peer& backend) {
    const size_t before = backend.messages().size();
    client.send(kGet);
    EXPECT_TRUE(until([&] { return backend.messages().size() > before; }));
    return lastOf(backend);
  }

  /// The first request makes the connection.
  Http2Peer& begun(Peer& client, size_t index = 0) {
    client.send(kGet);
    auto& backend = server(index);
    EXPECT_TRUE(until([&] { return !backend.messages().empty(); }));
    return backend;
  }

  void expectNextWorks(Http2Peer& backend) {
    Peer& next = connect();
    const auto stream = sendFrom(next, backend);
    backend.respond(stream, {{":status", "200"}, {"content-length", "0"}}, false);
    EXPECT_TRUE(until([&] { return next.received().ends_with("\r\n\r\n"); }));
    EXPECT_EQ(statusesIn(next.received()), std::vector<std::string>{"200"});
    next.close();
  }
};

TEST_F(Http2Faults, OfAStreamHarmNoOther) {
  Peer& first = connect();
  Http2Peer& backend = begun(first);
  backend.respond(lastOf(backend), {{":status", "200"}, {"content-length", "0"}}, false);
  ASSERT_TRUE(until([&] { return !first.received().empty(); }));
  for (const auto& fault : kStreamFaults) {
    SCOPED_TRACE(fault.name);
    log_.entries.clear();
    const auto before = worker_->stats();
    Peer& client = connect();
    const auto stream = sendFrom(client, backend);
    fault.commit(backend, stream);
    ASSERT_TRUE(until([&] { return !log_.entries.empty(); }));
    EXPECT_EQ(log_.entries[0].flags, fault.flags);
    const bool malformed = std::string_view(fault.flags) == "UPE";
    const auto after = worker_->stats();
    EXPECT_EQ(after.bad_responses - before.bad_responses, malformed ? 1u : 0u);
    EXPECT_EQ(after.upstream_resets - before.upstream_resets, malformed ? 0u : 1u);
    if (*fault.status == '\0') {
      EXPECT_TRUE(until([&] { return client.wasReset(); }));
    } else {
      EXPECT_TRUE(until([&] { return !client.received().empty(); }));
      EXPECT_EQ(statusesIn(client.received()), std::vector<std::string>{fault.status});
    }
    expectNextWorks(backend);
    if (HasFailure()) return;
  }
  EXPECT_EQ(servers_[0]->connections().size(), 1u);
}

TEST_F(Http2Faults, ConnectionsThatBreakAreReplaced) {
  const std::vector<std::pair<const char*, std::function<void(Http2Peer&)>>> faults = {
      {"end", [](auto& server) { server.peer().finish(); }},
      {"reset", [](auto& server) { server.peer().reset(); }},
      {"garbage", [](auto& server) { server.peer().send(std::string(100, '\xff')); }},
      {"HTTP/1", [](auto& server) { server.peer().send(kOk); }}};
  for (size_t i = 0; i < faults.size(); ++i) {
    SCOPED_TRACE(faults[i].first);
    Peer& client = connect();
    Http2Peer& backend = begun(client, 2 * i);
    faults[i].second(backend);
    backend.peer().poll();
    EXPECT_TRUE(until([&] { return client.received().ends_with("connection termination"); }));
    EXPECT_EQ(log_.entries.back().flags, "UC");
    Peer& next = connect();
    Http2Peer& other = begun(next, 2 * i + 1);
    other.respond(lastOf(other), kFine, false);
    EXPECT_TRUE(until([&] { return next.received().starts_with("HTTP/1.1 200 "); }));
    other.peer().reset();
    settle();
  }
  EXPECT_EQ(worker_->stats().http2_failures, 2u);
}

TEST_F(Http2Faults, RefusedStreamsAreRepeated) {
  Peer& client = connect();
  Http2Peer& backend = begun(client);
  backend.reset(lastOf(backend), NGHTTP2_REFUSED_STREAM);
  ASSERT_TRUE(inTime([&] { return backend.messages().size() == 2; }));
  backend.respond(lastOf(backend), kFine, false);
  EXPECT_TRUE(until([&] { return client.received().starts_with("HTTP/1.1 200 "); }));
  EXPECT_EQ(worker_->stats().retries, 1u);
}

TEST_F(Http2Faults, WhatGoAwayLeavesOutIsRepeatedElsewhere) {
  Peer& client = connect();
  Http2Peer& backend = begun(client);
  nghttp2_submit_goaway(backend.session(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
  ASSERT_TRUE(inTime([&] { return servers_[0]->connections().size() == 2; }));
  Http2Peer& other = server(1);
  ASSERT_TRUE(until([&] { return !other.messages().empty(); }));
  other.respond(lastOf(other), kFine, false);
  EXPECT_TRUE(until([&] { return client.received().starts_with("HTTP/1.1 200 "); }));
}

TEST_F(Http2Faults, InterimResponsesEnd) {
  Peer& client = connect();
  Http2Peer& backend = begun(client);
  const auto stream = lastOf(backend);
  for (int i = 0; i < 1000 && log_.entries.empty(); ++i) {
    backend.interim(stream, "103");
    turn();
  }
  ASSERT_EQ(log_.entries.size(), 1u) << "endless";
  EXPECT_EQ(log_.entries[0].flags, "UPE");
  EXPECT_TRUE(until([&] { return client.received().ends_with("protocol error"); }));
  expectNextWorks(backend);
}

/// Heads have no window: what a client does not read must not wait without bound.
TEST_F(Http2Faults, InterimResponsesThatNobodyReadsEnd) {
  Peer& client = connect();
  Http2Peer& backend = begun(client);
  const auto stream = lastOf(backend);
  client.stall(true);
  for (int i = 0; i < 20000; ++i) backend.interim(stream, "103");
  ASSERT_TRUE(until([&] { return backend.message(stream).closed; }));
  ASSERT_TRUE(until([&] { return !log_.entries.empty(); }));
  expectNextWorks(backend);
}

TEST_F(Http2Faults, LargestHeadsArriveWhole) {
  // 64 KiB as HTTP/1 counts, and more than nghttp2 would send of itself.
  std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  for (int i = 0; i < 90; ++i) head += "Name-" + std::to_string(i) + ": x\r\n";
  head += "A: " + std::string(size_t{64} * 1024 - head.size() - 7, 'x') + "\r\n\r\n";
  TestRule rule;
  rule.destinations = {{1, {1}}};
  configure({rule});
  auto& end = client();
  const auto id = end.get("/");
  ASSERT_TRUE(until([&] { return !servers_[0]->connections().empty(); }));
  request();
  servers_[0]->connection(0).send(head);
  ASSERT_TRUE(until([&] { return end.message(id).closed; }));
  EXPECT_EQ(end.message(id).get(":status"), "200");
  EXPECT_EQ(end.message(id).head.size(), 93u);
}

}  // namespace
}  // namespace sluice::proxy::test
