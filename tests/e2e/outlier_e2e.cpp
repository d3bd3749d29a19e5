// SPDX-License-Identifier: Apache-2.0
// Endpoints that cannot be connected to leave the connect path, and come back.
#include <fmt/format.h>

#include <thread>

#include "tests/e2e/shop.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kParts = R"(apiVersion: v1
kind: Service
metadata: {{name: parts, namespace: default}}
spec:
  clusterIP: 10.96.0.30
  ports:
  - {{name: tcp, port: 80, targetPort: 8080}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: parts
  namespace: default
  labels: {{kubernetes.io/service-name: parts}}
addressType: IPv4
ports:
- {{name: tcp, port: 8080}}
endpoints:
- addresses: ["{}"]
- addresses: ["{}"]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: parts, namespace: default}}
spec:
  host: parts
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 3
      interval: 1s
      baseEjectionTime: 10s
      maxEjectionPercent: 100
)";

const SocketAddress kPartsAddress{*IpAddress::parse("10.96.0.30"), 80};

/// Connects again and again, until `enough` of the last connections in a row were made.
Result<void> connectUntilMade(int enough) {
  const auto limit = std::chrono::steady_clock::now() + 60s;
  for (int made = 0; made < enough; std::this_thread::sleep_for(10ms)) {
    if (std::chrono::steady_clock::now() > limit) return mismatch("some connections still fail");
    made = connectTcp(kPartsAddress) ? made + 1 : 0;
  }
  return {};
}

Result<void> askUntilServedBy(const std::string& name) {
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < limit) {
    if (auto client = HttpConnection::connect(kPartsAddress))
      if (const auto answer = client->exchange({}); answer && answer->servedBy() == name) return {};
    std::this_thread::sleep_for(10ms);
  }
  return mismatch("nothing came from " + name);
}

class ConnectFailures : public ShopTest {
 protected:
  uint64_t ejections() {
    const auto count = sample(
        "sluice_cluster_ejections_total{host=\"parts.default.svc.cluster.local\",port=\"80\","
        "subset=\"\"}");
    return count ? *count : 0;
  }
};

TEST_F(ConnectFailures, EjectAnEndpointUntilItIsBack) {
  const auto& lab = shop().lab();
  const auto text = fmt::format(kParts, lab.host("product-api-v1-a").address4.text(),
                                lab.host("node").address4.text());
  ASSERT_TRUE(applyText("parts.yaml", text).ok());
  // One that is never ejected would fail half of them.
  expectAsWeb([] { return connectUntilMade(50); });
  EXPECT_GE(ejections(), 1U);

  auto server = lab.spawn("node",
                          {programPath("who-server"), "--name", "late", "--version-label", "v1",
                           "--port", "8080", "--echo-port", "9090"},
                          Output::kPipe);
  ASSERT_TRUE(server.ok());
  ASSERT_TRUE(server->readLine(20s).ok());
  expectAsWeb([] { return askUntilServedBy("late"); });
}

}  // namespace
}  // namespace sluice::test
