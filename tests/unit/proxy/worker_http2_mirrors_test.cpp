// SPDX-License-Identifier: Apache-2.0
// Copies of requests as HTTP/2.
#include "tests/unit/proxy/http2_fixture.h"

namespace sluice::proxy::test {
namespace {

class Http2Mirroring : public Http2Test {
 protected:
  /// Server 0 is the mirror, server 1 the destination, which need not answer.
  Http2Mirroring() {
    serve();
    serve();
  }
  static TestRule rule() {
    TestRule rule;
    rule.destinations = {{1, {2}}};
    rule.mirrors = {{1, {1'000'000}}};
    rule.version = UpstreamVersion::kHttp2;
    return rule;
  }
  /// A client whose requests need no other connection to their destination.
  Http2Peer& connectedClient() {
    auto alone = rule();
    alone.mirrors.clear();
    configure({alone});
    auto& end = client();
    end.get("/");
    require(until([&] { return worker_->stats().upstream_connections == 1; }), "no connection");
    return end;
  }
  size_t connections() { return servers_[0]->connections().size(); }
};

TEST_F(Http2Mirroring, CopiesShareAConnectionAlsoBeforeItStands) {
  constexpr size_t kCopies = 50;
  configure({rule()});
  auto& end = client();
  for (size_t i = 0; i < kCopies; ++i) end.get("/");
  auto& mirror = server();
  ASSERT_TRUE(until([&] { return mirror.messages().size() == kCopies; }));
  for (const auto& [id, message] : mirror.messages())
    mirror.respond(id, {{":status", "200"}}, false);
  EXPECT_TRUE(until([&] { return worker_->stats().mirrors_in_flight == 0; }));
  EXPECT_EQ(connections(), 1u);
  EXPECT_EQ(worker_->stats().mirror_failures, 0u);
}

TEST_F(Http2Mirroring, WhenTheOneThatConnectsFailsTheOthersTryThemselves) {
  auto& end = connectedClient();
  configure({rule()});
  sockets_.failures.assign(1, Error(Error::Code::kUnavailable, "refused"));
  for (int i = 0; i < 3; ++i) end.get("/");
  ASSERT_TRUE(until([&] { return server().messages().size() == 2; }));
  EXPECT_EQ(worker_->stats().mirror_failures, 1u);
  EXPECT_EQ(connections(), 1u);
}

TEST_F(Http2Mirroring, ConnectingTakesNotLongerThanItMay) {
  auto& end = connectedClient();
  auto limited = rule();
  limited.mirror_pool.emplace().tcp.emplace().connect_timeout = 2s;
  configure({limited});
  sockets_.silent = true;
  for (int i = 0; i < 2; ++i) end.get("/");
  ASSERT_TRUE(until([&] { return worker_->stats().mirrors_in_flight == 2; }));
  settle();
  EXPECT_EQ(sockets_.targets.size(), 2u) << "one of them connects";
  clock_.advance(1999ms);
  settle();
  EXPECT_EQ(worker_->stats().mirrors_in_flight, 2u);
  clock_.advance(1ms);
  ASSERT_TRUE(until([&] { return worker_->stats().mirrors_in_flight == 0; }));
  EXPECT_EQ(worker_->stats().mirror_failures, 2u);
}

}  // namespace
}  // namespace sluice::proxy::test
