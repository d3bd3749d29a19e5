// SPDX-License-Identifier: Apache-2.0
// Bodies of requests, where the agent's settings limit them.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

const std::string kLength = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
const std::string kChunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

class BodyLimit : public WorkerTest {
 protected:
  BodyLimit() {
    serve();
    largest_request_body_ = 4;
    routeToServers();
  }
  Peer& server() { return servers_[0]->connection(0); }

  void passes(const std::string& request) {
    Peer& client = connect();
    client.send(request);
    ASSERT_TRUE(until([&] {
      return !servers_[0]->connections().empty() && server().received().size() >= request.size();
    }));
    EXPECT_EQ(server().received(), request);
    server().send(kOk);
    EXPECT_TRUE(until([&] { return client.received() == kOk; })) << client.received();
  }

  void isRefusedUnseen(const std::string& request) {
    Peer& client = connect();
    client.send(request);
    ASSERT_TRUE(until([&] { return client.over(); }));
    EXPECT_THAT(client.received(), testing::StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
    EXPECT_TRUE(servers_[0]->connections().empty());
    EXPECT_EQ(worker_->stats().refused_requests, 1U);
  }
};

TEST_F(BodyLimit, ALengthWithinItPasses) { passes(kLength + "4\r\n\r\nabcd"); }

TEST_F(BodyLimit, ALengthBeyondItIsRefusedBeforeItsBodyComes) {
  isRefusedUnseen(kLength + "5\r\nExpect: 100-continue\r\n\r\n");
}

TEST_F(BodyLimit, ChunksWithinItPass) { passes(kChunked + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"); }

TEST_F(BodyLimit, ChunksBeyondItTogetherAreRefused) {
  isRefusedUnseen(kChunked + "2\r\nab\r\n3\r\n");
}

TEST_F(BodyLimit, AServerNeverTakesAPartForAllOfIt) {
  Peer& client = connect();
  client.send(kChunked + "2\r\nab\r\n");
  ASSERT_TRUE(until([&] {
    return !servers_[0]->connections().empty() && server().received().ends_with("2\r\nab\r\n");
  }));
  client.send("3\r\ncde\r\n0\r\n\r\n");
  ASSERT_TRUE(until([&] { return client.over() && server().over(); }));
  EXPECT_THAT(client.received(), testing::StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
  EXPECT_THAT(server().received(), testing::EndsWith("2\r\nab\r\n"));
}

}  // namespace
}  // namespace sluice::proxy::test
