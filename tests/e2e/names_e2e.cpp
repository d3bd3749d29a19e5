// SPDX-License-Identifier: Apache-2.0
// A service whose servers are known by name: steered at connect() as any other, and followed as the
// name gets other addresses.
#include "tests/e2e/shop.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPartner = R"(apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: partner, namespace: default}
spec:
  hosts: [partner.example]
  addresses: [10.96.0.40]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  endpoints: [{address: servers.partner.example}]
)";

class Names : public ShopTest {
 protected:
  Arguments moreArguments() const override { return {"--dns-server", "127.0.0.1:5353"}; }

  void SetUp() override {
    ShopTest::SetUp();
    auto server = shop().lab().spawn(
        "node", {"/usr/bin/python3", sourcePath("tests/support/dns_peer.py"), "5353"},
        Output::kTalk);
    ASSERT_TRUE(server.ok()) << server.error().message();
    dns_.emplace(*std::move(server));
    ASSERT_TRUE(dns_->readLine(20s).ok());
  }

  /// From now on, the name has this address.
  void name(const std::string& host) {
    const auto address = shop().lab().host(host).address4.text();
    ASSERT_TRUE(dns_->writeLine("servers.partner.example 1 " + address).ok());
    ASSERT_TRUE(dns_->readLine(5s).ok());
  }

  std::string get() {
    const auto finished = shop().lab().run("web", {"curl", "-s", "-m", "5", "http://10.96.0.40/"});
    return finished.ok() ? finished->out : finished.error().message();
  }

  std::optional<Process> dns_;
};

TEST_F(Names, AreFollowed) {
  ASSERT_TRUE(applyText("partner.yaml", kPartner).ok());
  const auto status = sluiced().status();
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->at("names").at(0).at("problem"), "DNS has no address of this name");
  EXPECT_EQ(get(), "") << "refused at connect()";

  name("product-api-v1-a");
  EXPECT_TRUE(inTime([this] { return get(); }, "product-api-v1-a"));
  name("product-api-v2");
  EXPECT_TRUE(inTime([this] { return get(); }, "product-api-v2"));
  const auto proxied = counted("to_proxy");
  ASSERT_TRUE(proxied.ok());
  EXPECT_EQ(*proxied, 0u);
  const auto lookups = sample("sluice_dns_lookups_total{result=\"answered\"}");
  ASSERT_TRUE(lookups.ok());
  EXPECT_GE(*lookups, 2u);
}

}  // namespace
}  // namespace sluice::test
