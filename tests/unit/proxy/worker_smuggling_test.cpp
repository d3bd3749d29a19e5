// SPDX-License-Identifier: Apache-2.0
// A server never sees a request that the client has not sent.
#include <algorithm>

#include "tests/unit/proxy/hostile_requests.h"
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

class Smuggling : public WorkerTest, public testing::WithParamInterface<HostileRequests> {
 protected:
  Smuggling() {
    serve();
    routeToServers();
  }

  /// All that the server has got, on whichever connection.
  std::string seen() {
    std::string all;
    for (auto& connection : servers_[0]->connections()) all += connection->received();
    return all;
  }
  void forget() {
    for (auto& connection : servers_[0]->connections()) connection->received().clear();
  }
  Peer& busyConnection() {
    auto& all = servers_[0]->connections();
    return **std::ranges::find_if(all, [](auto& each) { return !each->received().empty(); });
  }

  /// The server answers each request once it has got it whole.
  void answerAsSeen(const HostileRequest& request, Peer& client) {
    for (const auto& each : request.seen) {
      ASSERT_TRUE(until([&] { return seen().size() >= each.size() || client.over(); }));
      ASSERT_EQ(seen(), each);
      Peer& connection = busyConnection();
      forget();
      connection.send(kOk);
    }
    std::vector<std::string> answers(request.seen.size(), "200");
    if (!request.refusal.empty()) answers.push_back(request.refusal);
    EXPECT_TRUE(until(
        [&] { return statusesIn(client.received()).size() >= answers.size() || client.over(); }));
    settle();
    EXPECT_EQ(statusesIn(client.received()), answers);
  }

  /// Whoever comes next gets an answer of his own.
  void expectNothingIsLeft() {
    Peer& next = connect();
    const std::string probe = getOf("/probe");
    next.send(probe);
    ASSERT_TRUE(until([&] { return seen().size() >= probe.size(); }));
    ASSERT_EQ(seen(), probe);
    busyConnection().send(kOk);
    forget();
    EXPECT_TRUE(receives(next, kOk));
    next.close();
  }
};

TEST_P(Smuggling, AtOnce) {
  for (const auto& request : GetParam()) {
    SCOPED_TRACE(testing::PrintToString(request.sent.substr(0, 300)));
    Peer& client = connect();
    client.send(request.sent);
    answerAsSeen(request, client);
    EXPECT_EQ(seen(), "");
    expectNothingIsLeft();
    if (HasFailure()) return;
  }
}

TEST_P(Smuggling, InPieces) {
  for (const auto& request : GetParam()) {
    SCOPED_TRACE(testing::PrintToString(request.sent.substr(0, 300)));
    Peer& client = connect();
    const size_t piece = 1 + request.sent.size() / 100;
    for (size_t at = 0; at < request.sent.size(); at += piece) {
      client.send(std::string_view(request.sent).substr(at, piece));
      turn();
    }
    answerAsSeen(request, client);
    // What is refused late was begun, and the server is told that it is not whole.
    EXPECT_LT(seen().size(), request.sent.size());
    for (auto& connection : servers_[0]->connections()) {
      const bool begun = !connection->received().empty();
      EXPECT_TRUE(!begun || until([&] { return connection->wasReset(); }));
    }
    forget();
    expectNothingIsLeft();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Hostile, Smuggling, hostileLists(), nameOfList);

}  // namespace
}  // namespace sluice::proxy::test
