// SPDX-License-Identifier: Apache-2.0
// Pods that terminate, and pods that are gone, while connections to them are open.
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/gate.h"
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

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

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

  /// Its entries in the EndpointSlices, with these conditions instead of "ready".
  std::string registryWithV2(const std::string& conditions) const {
    auto text = registryYaml(shop().lab());
    for (const auto& address : addresses())
      text = replaced(text, entry(address, "ready: true"),
                      conditions.empty() ? "" : entry(address, conditions));
    return text;
  }

  std::string registryWithoutV2() const {
    return replaced(registryWithV2(""), "phase: Running\n  podIPs:\n    - ip: " + addresses()[0],
                    "phase: Failed\n  podIPs:\n    - ip: " + addresses()[0]);
  }

  std::vector<std::string> addresses() const {
    const auto& host = shop().lab().host("product-api-v2");
    return {host.address4.text(), host.address6.text()};
  }

  static std::string entry(const std::string& address, const std::string& conditions) {
    return "  - addresses: [\"" + address + "\"]\n    conditions: {" + conditions +
           "}\n    targetRef: {kind: Pod, name: product-api-v2, namespace: default}\n";
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
  EXPECT_TRUE(applyText("registry.yaml", registryWithV2("ready: false, terminating: true")).ok());
  terminating.open();
  survived.wait();
  EXPECT_TRUE(applyText("registry.yaml", registryWithoutV2()).ok());
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
