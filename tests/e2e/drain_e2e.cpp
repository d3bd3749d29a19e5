// SPDX-License-Identifier: Apache-2.0
// Connections of the connect path whose destination has left their route: `drain`.
#include <poll.h>
#include <sys/socket.h>

#include "tests/e2e/gate.h"
#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 90s;

/// All of product-api's HTTP to one subset.
std::string httpTo(const std::string& subset) {
  return R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: product-api, namespace: default}
spec:
  hosts: [product-api]
  http:
  - route: [{destination: {host: product-api, subset: )" +
         subset + "}}]\n";
}

/// The same of its port of raw TCP, with an annotation.
std::string tcpTo(const std::string& subset, const std::string& annotation) {
  return R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: product-api, namespace: default, annotations: {)" +
         annotation + R"(}}
spec:
  hosts: [product-api]
  tcp:
  - match: [{port: 9000}]
    route: [{destination: {host: product-api, subset: )" +
         subset + "}}]\n";
}

/// Waits until the connection ends from without; an error unless it was closed by the broker.
Result<void> waitForTheEnd(int socket) {
  pollfd end{socket, POLLIN, 0};
  if (::poll(&end, 1, 60000) != 1) return mismatch("the connection goes on");
  char byte = 0;
  if (::recv(socket, &byte, 1, 0) >= 0) return mismatch("not the broker's end");
  return errno == ECONNABORTED ? Result<void>() : Error::system("wait for the end");
}

HttpRequest slow(int milliseconds) {
  HttpRequest request;
  request.target = "/slow?ms=" + std::to_string(milliseconds);
  return request;
}

Result<void> expectFrom(const std::string& version, const Result<HttpResponse>& response) {
  if (!response) return response.error();
  if (response->status == 200 && versionOf(response->servedBy()) == version) return {};
  return mismatch("an answer of " + response->servedBy() + " instead of " + version);
}

class Drain : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
  }

  uint64_t drained() {
    const auto ended = sample("sluice_connections_ended_total{reason=\"drained\"}");
    EXPECT_TRUE(ended.ok());
    return ended ? *ended : 0;
  }
};

TEST_F(Drain, AnIdleConnectionFollowsTheRuleAndOneThatWaitsForItsAnswerGetsIt) {
  ASSERT_TRUE(applyText("rule.yaml", httpTo("v1")).ok());
  Gate idle_is_open, request_is_sent;
  auto idle = startAsWeb([&]() -> Result<void> {
    auto client = HttpConnection::connect(productApi(), kPatience);
    // Slow enough for the kernel's clock to see that the answer came after the request.
    SLUICE_TRY(expectFrom("v1", client->exchange(slow(50))));
    idle_is_open.open();
    SLUICE_TRY(waitForTheEnd(client->fd()));
    auto next = HttpConnection::connect(productApi());
    return expectFrom("v2", next->exchange({}));
  });
  auto busy = startAsWeb([&]() -> Result<void> {
    auto client = HttpConnection::connect(productApi(), kPatience);
    SLUICE_TRY(expectFrom("v1", client->exchange(slow(50))));
    request_is_sent.open();
    return expectFrom("v1", client->exchange(slow(40000)));
  });
  idle_is_open.wait();
  request_is_sent.wait();
  EXPECT_TRUE(applyText("rule.yaml", httpTo("v2")).ok());
  expectEnd(idle);
  expectEnd(busy);
  EXPECT_EQ(drained(), 1U);
}

TEST_F(Drain, OfTcpPortsStaysUnlessTheRuleSaysNow) {
  ASSERT_TRUE(applyText("rule.yaml", tcpTo("v1", "")).ok());
  Gate open, now;
  auto web = startAsWeb([&]() -> Result<void> {
    auto socket = connectTcp(productApiEcho());
    if (!socket) return std::move(socket).error();
    open.open();
    now.wait();
    return waitForTheEnd(socket->get());
  });
  open.wait();
  EXPECT_TRUE(applyText("rule.yaml", tcpTo("v2", "")).ok());
  EXPECT_EQ(drained(), 0U);
  now.open();
  EXPECT_TRUE(applyText("rule.yaml", tcpTo("v2", "sluice.io/drain: now")).ok());
  expectEnd(web);
  EXPECT_EQ(drained(), 1U);
}

}  // namespace
}  // namespace sluice::test
