// SPDX-License-Identifier: Apache-2.0
// What servers of HTTP/1 do wrong: each has one answer, flag and counter, is repeated where a
// policy says so, and harms no request that follows.
#include "tests/unit/proxy/hostile_requests.h"
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

struct Fault {
  std::string name;
  std::string sent;    ///< instead of an answer
  bool reset = false;  ///< and then, rather than an end
  std::string status;  ///< that the client gets; empty: a reset in the middle of the response
  std::string flags;
};

struct Counts {
  uint64_t cut, bad;
  friend bool operator==(const Counts&, const Counts&) = default;
};

/// What a fault with these flags adds.
Counts countsOf(const std::string& flags) {
  return {flags == "UC" ? 1u : 0u, flags == "UPE" ? 1u : 0u};
}

const std::string kHalf = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
const std::string kHalfChunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal";

std::vector<Fault> cutOffs() {
  return {{"end before the head", "", false, "503", "UC"},
          {"reset before the head", "", true, "503", "UC"},
          {"end in the head", "HTTP/1.1 200 OK\r\nA: b", false, "503", "UC"},
          {"reset in the head", "HTTP/1.1 200 OK\r\nA: b", true, "503", "UC"},
          {"end in the body", kHalf, false, "", "UC"},
          {"reset in the body", kHalf, true, "", "UC"},
          {"end in a chunk", kHalfChunk, false, "", "UC"},
          {"reset in a chunk", kHalfChunk, true, "", "UC"},
          {"end before the trailers", kHalfChunk + "lo\r\n0\r\n", false, "", "UC"},
          {"reset of a body without length", "HTTP/1.1 200 OK\r\n\r\nhalf", true, "", "UC"}};
}

std::vector<Fault> malformed() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  std::vector<Fault> all;
  for (const auto& head :
       {std::string("SSH-2.0-x\r\n"),
        std::string("\x16\x03\x01\x02"),
        std::string("\r\n") + ok,
        std::string("HTTP/2 200\r\n\r\n"),
        std::string("HTTP/1.1 99 Low\r\n\r\n"),
        std::string("HTTP/1.1 2000 High\r\n\r\n"),
        std::string("HTTP/1.1 200\tOK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\nA: b\n\n"),
        ok + "A: b\r\n c\r\n\r\n",
        ok + "A : b\r\n\r\n",
        ok + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        ok + "Content-Length: 1, 1\r\n\r\nx",
        ok + "Content-Length: -1\r\n\r\n",
        ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
        ok + "Transfer_Encoding: chunked\r\n\r\n",
        std::string("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        std::string("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello"),
        std::string("HTTP/1.1 100 Go\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ok + "A: " + std::string(size_t{70} * 1024, 'x')})
    all.push_back({head.substr(0, 60), head, false, "502", "UPE"});
  for (const auto* chunk : {"zz\r\n", "5 \r\nhello\r\n", "5\nhello\r\n", "0\r\nHost: b\r\n\r\n"})
    all.push_back(
        {chunk, ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" + chunk, false, "", "UPE"});
  return all;
}

/// Complete responses with more behind them than belongs to them.
std::vector<Fault> overlong() {
  const std::string more = "HTTP/1.1 200 Smuggled\r\nContent-Length: 0\r\n\r\n";
  return {{"another response", kOk + more, false, "200", ""},
          {"garbage", kOk + "\x01", false, "200", ""},
          {"behind chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + more,
           false, "200", ""},
          {"a body of 204", "HTTP/1.1 204 No\r\n\r\n" + more, false, "204", ""},
          {"a body of 304", "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\nabc", false, "304", ""}};
}

std::string detailsOf(const Fault& fault) {
  if (fault.flags.empty()) return "via_upstream";
  const std::string when = fault.status.empty() ? "after" : "before";
  return "upstream_reset_" + when + "_response_started{" +
         (fault.flags == "UC" ? "connection_termination}" : "protocol_error}");
}

class Faults : public WorkerTest {
 protected:
  Faults() { serve(); }

  void routeWith(const std::optional<HttpRetry>& retries) {
    TestRule rule;
    rule.destinations = {{1, {1}}};
    rule.retries = retries;
    configure({rule});
  }

  /// A new connection's request, once the server has it.
  Peer& busy(size_t before) {
    EXPECT_FALSE(request(before).empty());
    return servers_[0]->connection(before);
  }
  Counts counts() const {
    const auto& stats = worker_->stats();
    return {stats.upstream_resets, stats.bad_responses};
  }
  size_t connections() const { return servers_[0]->connections().size(); }

  void commit(const Fault& fault, Peer& server) {
    server.send(fault.sent);
    ASSERT_TRUE(until([&] { return server.unsent() == 0 || server.over(); }));
    settle();  // what was sent is passed on before a reset destroys it
    if (fault.reset)
      server.reset();
    else
      server.finish();
  }

  /// The same connection, or another one: what it gets is its own.
  void expectNothingIsLeft() {
    Peer& next = connect();
    const size_t before = connections();
    next.send(getOf("/next"));
    ASSERT_TRUE(until([&] { return connections() > before; })) << "the connection was kept";
    Peer& server = busy(before);
    EXPECT_EQ(server.received(), getOf("/next"));
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnext");
    EXPECT_TRUE(until([&] { return next.received().ends_with("\r\n\r\nnext"); }));
    next.close();
  }

  void expectOutcome(const Fault& fault, Peer& client) {
    ASSERT_TRUE(until([&] { return !log_.entries.empty(); }));
    EXPECT_EQ(log_.entries.back().flags, fault.flags.empty() ? "-" : fault.flags);
    EXPECT_EQ(log_.entries.back().details, detailsOf(fault));
    if (fault.status.empty()) {
      EXPECT_TRUE(until([&] { return client.wasReset(); }));
      EXPECT_TRUE(client.received().starts_with("HTTP/1.1 200 "));
    } else {
      EXPECT_TRUE(until([&] { return !client.received().empty(); }));
      settle();
      EXPECT_EQ(statusesIn(client.received()), std::vector<std::string>{fault.status});
    }
  }

  void expectAnswers(const std::vector<Fault>& faults) {
    routeWith({});
    for (const auto& fault : faults) {
      SCOPED_TRACE(testing::PrintToString(fault.name));
      log_.entries.clear();
      const size_t before = connections();
      const Counts earlier = counts();
      Peer& client = connect();
      client.send(kGet);
      commit(fault, busy(before));
      expectOutcome(fault, client);
      EXPECT_EQ(connections(), before + 1) << "no policy repeats it";
      const auto [cut, bad] = countsOf(fault.flags);
      EXPECT_EQ(counts(), (Counts{earlier.cut + cut, earlier.bad + bad}));
      expectNothingIsLeft();
      if (HasFailure()) return;
    }
  }

  void expectRepeated(const std::vector<Fault>& faults) {
    HttpRetry once;
    once.attempts = 1;
    once.retry_on = "reset";
    routeWith(once);
    for (const auto& fault : faults) {
      SCOPED_TRACE(testing::PrintToString(fault.name));
      const size_t before = connections();
      Peer& client = connect();
      client.send(kGet);
      commit(fault, busy(before));
      const bool repeated = fault.status.starts_with('5');
      inTime([&] { return client.over() || connections() == before + 2; });
      ASSERT_EQ(connections(), before + (repeated ? 2 : 1));
      if (!repeated) continue;
      busy(before + 1).send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
      EXPECT_TRUE(until([&] { return client.received().ends_with("ok"); }));
      EXPECT_EQ(statusesIn(client.received()), std::vector<std::string>{"200"});
    }
  }
};

TEST_F(Faults, CutOff) { expectAnswers(cutOffs()); }
TEST_F(Faults, CutOffAndRepeated) { expectRepeated(cutOffs()); }
TEST_F(Faults, Malformed) { expectAnswers(malformed()); }
TEST_F(Faults, MalformedAndRepeated) { expectRepeated(malformed()); }
TEST_F(Faults, Overlong) { expectAnswers(overlong()); }

TEST_F(Faults, BodiesOfHeadSpoilTheConnection) {
  routeWith({});
  Peer& client = connect();
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  busy(0).send(kOk);
  ASSERT_TRUE(until([&] { return client.received().ends_with("\r\n\r\n"); }));
  expectNothingIsLeft();
}

TEST_F(Faults, WhatComesUnaskedSpoilsAKeptConnection) {
  routeWith({});
  Peer& client = connect();
  client.send(kGet);
  busy(0).send(kOk);
  ASSERT_TRUE(receives(client, kOk));
  ASSERT_EQ(worker_->stats().idle_upstreams, 1u);
  // Both wait when the worker's next turn begins.
  servers_[0]->connection(0).send("HTTP/1.1 200 Smuggled\r\nContent-Length: 0\r\n\r\n");
  servers_[0]->connection(0).poll();
  expectNothingIsLeft();
}

TEST_F(Faults, AResponseBeforeTheRequestIsItsOwn) {
  routeWith({});
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  Peer& server = busy(0);
  server.send(kOk + kOk);
  ASSERT_TRUE(receives(client, kOk));
  client.send("def");
  // What comes second is nobody's.
  ASSERT_TRUE(until([&] { return server.over(); }));
  EXPECT_TRUE(server.received().ends_with("abcdef"));
  EXPECT_EQ(client.received(), kOk);
  expectNothingIsLeft();
}

TEST_F(Faults, TooShortABodyEndsWithTheTimeout) {
  TestRule rule;
  rule.destinations = {{1, {1}}};
  rule.timeout = 5s;
  configure({rule});
  Peer& client = connect();
  client.send(kGet);
  busy(0).send(kHalf);
  ASSERT_TRUE(until([&] { return client.received().ends_with("half"); }));
  clock_.advance(5s);
  ASSERT_TRUE(until([&] { return client.wasReset(); }));
  EXPECT_EQ(log_.entries.at(0).flags, "UT");
  EXPECT_EQ(worker_->stats().timeouts, 1u);
  expectNothingIsLeft();
}

TEST_F(Faults, InterimResponsesEnd) {
  routeWith({});
  const std::string interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
  for (const auto* version : {"HTTP/1.1", "HTTP/1.0"}) {
    SCOPED_TRACE(version);
    const size_t before = connections();
    Peer& client = connect();
    client.send(std::string("GET / ") + version + "\r\nHost: a\r\n\r\n");
    Peer& server = busy(before);
    size_t sent = 0;
    for (; sent < 1000 && log_.entries.empty(); ++sent) {
      server.send(interim);
      turn();
    }
    ASSERT_EQ(log_.entries.size(), 1u) << "endless";
    EXPECT_EQ(log_.entries[0].flags, "UPE");
    EXPECT_GT(sent, 256u);
    EXPECT_TRUE(until([&] { return client.received().ends_with("protocol error"); }));
    log_.entries.clear();
    expectNothingIsLeft();
    log_.entries.clear();
  }
  EXPECT_EQ(worker_->stats().bad_responses, 2u);
}

}  // namespace
}  // namespace sluice::proxy::test
