// SPDX-License-Identifier: Apache-2.0
// Pods that terminate, and pods that are gone, while connections to them are open.
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/gate.h"
#include "tests/e2e/registry.h"
#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

/// Raw TCP of product-api goes to v2, which has one pod.
constexpr const char* kOnlyV2 = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: product-api, namespace: default}
spec:
  hosts: [product-api]
  tcp:
  - match: [{port: 9000}]
    route: [{destination: {host: product-api, subset: v2}}]
)";

Result<void> exchange(const Fd& socket) {
  char byte = 'x';
  if (::send(socket.get(), &byte, 1, MSG_NOSIGNAL) != 1) return Error::system("send");
  if (::recv(socket.get(), &byte, 1, 0) != 1) return Error::system("receive the echo");
  return {};
}

class Endpoints : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(applyText("only-v2.yaml", kOnlyV2).ok());
  }
};

TEST_F(Endpoints, APodThatTerminatesKeepsItsConnectionsAndOneThatIsGoneLosesThem) {
  Gate opened, terminating, survived;
  auto web = startAsWeb([&]() -> Result<void> {
    auto socket = connectTcp(productApiEcho());
    if (!socket) return std::move(socket).error();
    SLUICE_TRY(exchange(*socket));
    opened.open();
    terminating.wait();
    if (auto still = exchange(*socket); !still)
      return std::move(still).error().in("while the pod terminates");
    if (connectTcp(productApiEcho())) return mismatch("a new connection to a pod that terminates");
    survived.open();
    char byte = 0;
    if (::recv(socket->get(), &byte, 1, 0) >= 0) return mismatch("the end is no reset");
    return errno == ECONNABORTED ? Result<void>() : Error::system("wait for the end");
  });
  opened.wait();
  EXPECT_TRUE(
      applyText("registry.yaml", registryWithV2(shop().lab(), "ready: false, terminating: true"))
          .ok());
  terminating.open();
  survived.wait();
  EXPECT_TRUE(applyText("registry.yaml", registryWithoutV2(shop().lab())).ok());
  expectEnd(web);
  const auto ended = sample("sluice_connections_ended_total{reason=\"endpoint_gone\"}");
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(*ended, 1U);
  const auto errors = ask({"bpf", "errors"});
  ASSERT_TRUE(errors.ok());
  EXPECT_EQ(errors->at("items"), nlohmann::json::array());
}

}  // namespace
}  // namespace sluice::test
