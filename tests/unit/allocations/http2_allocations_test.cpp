// SPDX-License-Identifier: Apache-2.0
// What a request of HTTP/2 allocates: streams and the sessions behind them are objects that come
// and go. nghttp2's own are not counted: 4 for each stream of a client, 2 for each of a server.
#include "tests/unit/allocations/counted_worker.h"
#include "tests/unit/proxy/http2_fixture.h"

namespace sluice::proxy::test {
namespace {

class Http2Allocations : public Counted<Http2Test> {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "AddressSanitizer counts malloc(), which is what nghttp2 calls";
#endif
  }

  /// `answer` lets the servers answer the one request that is under way.
  template <typename Answer>
  double ofOneClient(Answer answer) {
    auto& end = client();
    return perRequest([&] {
      const auto id = end.get("/", {{"user-group", "beta"}});
      answer();
      EXPECT_TRUE(until([&] { return end.message(id).closed; }));
    });
  }
};

TEST_F(Http2Allocations, ToServersOfHttp1) {
  serve([](std::string_view) { return kOk; });
  routeToServers();
  EXPECT_LE(ofOneClient([] {}), 6);
}

TEST_F(Http2Allocations, ToServersOfHttp2) {
  serve();
  routeAsHttp2();
  int32_t next = 1;
  const auto answer = [&] {
    EXPECT_TRUE(until([&] { return server().message(next).ended; }));
    server().respond(next, {{":status", "200"}}, false);
    next += 2;
  };
  EXPECT_LE(ofOneClient(answer), 12);
}

}  // namespace
}  // namespace sluice::proxy::test
