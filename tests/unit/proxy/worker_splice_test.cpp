// SPDX-License-Identifier: Apache-2.0
// Large bodies that pass from socket to socket: nothing may tell them from those that are copied.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <thread>

#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

using testing::StartsWith;

constexpr size_t kMiB = size_t{1} << 20;

/// Bytes of which no two stretches are alike.
std::string bytesOf(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  uint32_t state = seed * 2654435761U + 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

std::string responseHead(size_t length) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}
std::string requestHead(size_t length) {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

class Splice : public WorkerTest {
 protected:
  Splice() {
    serve();
    routeToServers();
  }

  /// The server's connection that has got a request, once all of it is there.
  Peer& asked(const std::string& request = kGet, size_t index = 0) {
    auto& connections = servers_[0]->connections();
    require(
        until([&] { return connections.size() > index && hasGot(*connections[index], request); }),
        "the request");
    connections[index]->received().clear();
    return *connections[index];
  }
  static bool hasGot(Peer& peer, const std::string& bytes) {
    return peer.received().size() >= bytes.size();
  }
  uint64_t spliced() const { return worker_->stats().spliced_bytes; }
  /// Until nothing moves any more, as somebody has stopped reading.
  void stall(const Peer& sender) {
    size_t unsent = 0;
    do {
      unsent = sender.unsent();
      settle();
    } while (sender.unsent() != unsent);
  }
};

TEST_F(Splice, ResponsesOfAllSizesArriveAsTheyAre) {
  Peer& client = connect();
  uint32_t seed = 1;
  for (const size_t size :
       {size_t{0}, size_t{1}, kBufferBytes / 2 - 1, kBufferBytes - 1, kBufferBytes,
        kBufferBytes + 1, 4 * kBufferBytes, 5 * kBufferBytes + 1, 5 * kMiB + 3}) {
    client.send(kGet + kGet);  // the second one waits
    for (const size_t next : {size, size_t{3}}) {
      const auto response = responseHead(next) + bytesOf(next, ++seed);
      asked().send(response);
      ASSERT_TRUE(until([&] { return hasGot(client, response) || client.over(); }));
      ASSERT_TRUE(client.received() == response) << next;
      client.received().clear();
    }
  }
  EXPECT_GT(spliced(), 4 * kMiB);
  EXPECT_EQ(worker_->stats().upstream_connections, 1u);
  const auto& entry = log_.entries[log_.entries.size() - 2];
  EXPECT_EQ(entry.response_bytes, responseHead(5 * kMiB + 3).size() + 5 * kMiB + 3);
}

TEST_F(Splice, RequestsOfAllSizesArriveAsTheyAre) {
  Peer& client = connect();
  uint32_t seed = 1;
  for (const size_t size :
       {size_t{1}, kBufferBytes, 4 * kBufferBytes, 5 * kBufferBytes + 1, 5 * kMiB + 3}) {
    const auto request = requestHead(size) + bytesOf(size, ++seed);
    client.send(request + kGet);  // right behind the body
    auto& connections = servers_[0]->connections();
    ASSERT_TRUE(until([&] { return !connections.empty() && hasGot(*connections[0], request); }));
    ASSERT_TRUE(connections[0]->received() == request) << size;
    connections[0]->received().clear();
    connections[0]->send(kOk);
    asked().send(kOk);
    ASSERT_TRUE(receives(client, kOk + kOk));
    client.received().clear();
  }
  EXPECT_GT(spliced(), 4 * kMiB);
  EXPECT_EQ(log_.entries[log_.entries.size() - 2].request_bytes,
            requestHead(5 * kMiB + 3).size() + 5 * kMiB + 3);
}

TEST_F(Splice, ABodyMayEndWithTheConnection) {
  Peer& client = connect();
  client.send(kGet);
  const auto body = bytesOf(3 * kMiB, 1);
  asked().send("HTTP/1.1 200 OK\r\n\r\n" + body);
  servers_[0]->connection(0).finish();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_TRUE(client.ended());
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(client.received().ends_with(body));
  EXPECT_GT(spliced(), kMiB);
}

TEST_F(Splice, TunnelsCarryBothDirectionsAtOnce) {
  const std::string upgrade =
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
  const std::string switched =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
  Peer& client = connect();
  client.send(upgrade);
  Peer& server = asked(upgrade);
  const auto up = bytesOf(4 * kMiB + 1, 1), down = bytesOf(6 * kMiB + 1, 2);
  server.send(switched + down);
  server.finish();
  ASSERT_TRUE(until([&] { return hasGot(client, switched); }));
  client.send(up);
  client.finish();
  ASSERT_TRUE(until([&] { return client.over() && server.over(); }));
  EXPECT_TRUE(client.received() == switched + down);
  EXPECT_TRUE(server.received() == up);
  EXPECT_GT(spliced(), 8 * kMiB);
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
}

TEST_F(Splice, AStalledClientStopsItsServer) {
  Peer& client = connect();
  client.send(kGet);
  const auto response = responseHead(40 * kMiB) + bytesOf(40 * kMiB, 1);
  Peer& server = asked();
  client.stall(true);
  server.send(response);
  stall(server);
  EXPECT_GT(server.unsent(), 0u) << "more than sockets hold has been taken";
  EXPECT_LE(worker_->stats().lent_buffers, 1u);  // the request's
  client.stall(false);
  ASSERT_TRUE(until([&] { return hasGot(client, response) || client.over(); }));
  EXPECT_TRUE(client.received() == response);
}

TEST_F(Splice, AStalledServerStopsItsClient) {
  Peer& client = connect();
  const auto request = requestHead(40 * kMiB) + bytesOf(40 * kMiB, 1);
  client.send(request.substr(0, 200));
  Peer& server = asked(request.substr(0, 200));
  server.stall(true);
  client.send(request.substr(200));
  stall(client);
  EXPECT_GT(client.unsent(), 0u) << "more than sockets hold has been taken";
  server.stall(false);
  ASSERT_TRUE(until([&] { return server.received().size() == request.size() - 200; }));
  EXPECT_TRUE(server.received() == request.substr(200));
}

// What is left in a pipe belongs to nobody.
TEST_F(Splice, NothingOfABrokenTransferReachesTheNext) {
  Peer& gone = connect();
  gone.send(kGet);
  gone.stall(true);
  Peer& server = asked();
  server.send(responseHead(40 * kMiB) + std::string(40 * kMiB, 'x'));
  stall(server);
  gone.reset();
  ASSERT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
  Peer& client = connect();
  client.send(kGet);
  const auto response = responseHead(kMiB) + bytesOf(kMiB, 1);
  asked(kGet, 1).send(response);
  ASSERT_TRUE(until([&] { return hasGot(client, response) || client.over(); }));
  EXPECT_TRUE(client.received() == response);
}

TEST_F(Splice, AResetOfTheServerIsOneForTheClient) {
  Peer& client = connect();
  client.send(kGet);
  Peer& server = asked();
  server.send(responseHead(4 * kMiB) + bytesOf(2 * kMiB, 1));
  ASSERT_TRUE(until([&] { return client.received().size() > kMiB; }));
  server.reset();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_TRUE(client.wasReset());
  EXPECT_EQ(log_.entries.back().flags, "UC");
}

TEST_F(Splice, AnEndThatIsTooEarlyIsAReset) {
  Peer& client = connect();
  client.send(kGet);
  Peer& server = asked();
  server.send(responseHead(4 * kMiB) + bytesOf(2 * kMiB, 1));
  server.finish();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_TRUE(client.wasReset());
}

TEST_F(Splice, AnEarlyResponseEndsARequestThatNobodyReads) {
  Peer& client = connect();
  const auto request = requestHead(40 * kMiB) + bytesOf(40 * kMiB, 1);
  client.send(request.substr(0, 200));
  Peer& server = asked(request.substr(0, 200));
  server.stall(true);
  client.send(request.substr(200));
  stall(client);
  server.send("HTTP/1.1 413 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(until([&] { return client.over() || client.received().ends_with("\r\n\r\n"); }));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 413 X\r\n"));
}

TEST_F(Splice, ARequestGoesOnBehindAResponseThatIsWhole) {
  Peer& client = connect();
  const auto request = requestHead(4 * kMiB) + bytesOf(4 * kMiB, 1);
  const auto response = responseHead(kMiB) + bytesOf(kMiB, 2);
  client.send(request.substr(0, 2 * kMiB));
  asked(request.substr(0, 2 * kMiB)).send(response);
  ASSERT_TRUE(until([&] { return hasGot(client, response) || client.over(); }));
  client.send(request.substr(2 * kMiB) + kGet);
  asked(request.substr(2 * kMiB) + kGet).send(kOk);
  EXPECT_TRUE(receives(client, response + kOk));
  EXPECT_EQ(worker_->stats().upstream_connections, 1u);
}

// A request that has gone by a pipe is not here any more.
TEST_F(Splice, ATimeoutDoesNotRepeatWhatHasPassed) {
  TestRule rule;
  rule.destinations = {{1, {1}}};
  rule.timeout = 5s;
  rule.retries.emplace().attempts = 3;
  rule.retries->retry_on = "5xx,reset";
  configure({rule});
  Peer& client = connect();
  const auto request = requestHead(2 * kMiB) + bytesOf(2 * kMiB, 1);
  client.send(request);
  asked(request);
  clock_.advance(6s);
  ASSERT_TRUE(until([&] { return client.received().ends_with("timeout"); }));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 504 "));
  client.received().clear();
  client.send(kGet);
  asked(kGet, 1).send(kOk);
  EXPECT_TRUE(receives(client, kOk));
}

TEST_F(Splice, ChunksAreLookedAt) {
  Peer& client = connect();
  client.send(kGet);
  std::string response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (uint32_t i = 0; i < 4; ++i) response += "100000\r\n" + bytesOf(kMiB, i) + "\r\n";
  response += "0\r\n\r\n";
  asked().send(response);
  ASSERT_TRUE(until([&] { return hasGot(client, response) || client.over(); }));
  EXPECT_TRUE(client.received() == response);
  EXPECT_EQ(spliced(), 0u);
}

// Copied as long as descriptors are missing.
TEST_F(Splice, WithoutDescriptorsBytesAreCopied) {
  Peer& client = connect();
  client.send(kGet);
  Peer& server = asked();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto response = responseHead(4 * kMiB) + bytesOf(4 * kMiB, 1);
  server.send(response);
  const bool all = until([&] { return hasGot(client, response) || client.over(); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(all);
  EXPECT_TRUE(client.received() == response);
  EXPECT_EQ(spliced(), 0u);
  EXPECT_GT(worker_->stats().splice_failures, 1u);
}

/// From now on this thread gets ENOSYS from splice(2).
bool forbidSplice() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_splice, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = std::size(program), .filter = program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

TEST_F(Splice, WhereItIsForbiddenBytesAreCopied) {
  Peer& client = connect();
  client.send(kGet);
  Peer& server = asked();
  const auto response = responseHead(4 * kMiB) + bytesOf(4 * kMiB, 1);
  server.send(response);
  bool forbidden = false, all = false;
  std::thread([&] {  // the filter ends with its thread
    forbidden = forbidSplice();
    all = until([&] { return hasGot(client, response) || client.over(); });
  })
      .join();
  ASSERT_TRUE(forbidden);
  ASSERT_TRUE(all);
  EXPECT_TRUE(client.received() == response);
  EXPECT_EQ(spliced(), 0u);
  EXPECT_EQ(worker_->stats().splice_failures, 1u);
}

}  // namespace
}  // namespace sluice::proxy::test
