// SPDX-License-Identifier: Apache-2.0
// Rules that change under load.
#include <fmt/format.h>

#include <deque>
#include <thread>

#include "tests/e2e/checking_client.h"
#include "tests/e2e/shop.h"
#include "userspace/base/clock.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr int kChanges = 200;
constexpr Duration kTotal = 20s;

std::string allTo(const std::string& subset) {
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: product-api, namespace: default}}
spec:
  hosts: [product-api]
  http:
  - match:
    - uri: {{prefix: /}}
      headers: {{x-nobody: {{exact: sends-this}}}}
    route:
    - destination: {{host: product-api, subset: v1}}
  - route:
    - destination: {{host: product-api, subset: {}}}
)",
                     subset);
}

class Change : public ShopTest {
 protected:
  /// Applies `subset` and asks, on a connection that is open already, who answers now.
  Result<void> changeTo(const std::string& subset, HttpConnection& probe) {
    SLUICE_TRY(applyText("virtualservice.yaml", allTo(subset)));
    auto answer = probe.exchange({});
    if (!answer) return std::move(answer).error();
    if (versionOf(answer->servedBy()) == subset) return {};
    return mismatch(fmt::format("after the change to {} was acknowledged: served by {}", subset,
                                answer->servedBy()));
  }

  Result<void> changeAllTheTime() {
    auto probe = HttpConnection::connect(productApi());
    if (!probe) return std::move(probe).error();
    std::deque<CheckingClient> clients;
    for (int i = 0; i < 3; ++i) clients.emplace_back(productApi());
    const SteadyClock clock;
    const TimePoint start = clock.now();
    for (int i = 0; i < kChanges; ++i) {
      std::this_thread::sleep_until(start + i * (kTotal / kChanges));  // the rate is the test's
      SLUICE_TRY(changeTo(i % 2 == 0 ? "v2" : "v1", *probe));
    }
    for (auto& client : clients) {
      client.stop();
      SLUICE_TRY(client.verdict(kChanges));
    }
    return {};
  }
};

TEST_F(Change, TwoHundredInTwentySecondsFailNoRequestAndActOnTheNextOne) {
  ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
  ASSERT_TRUE(applyText("virtualservice.yaml", allTo("v1")).ok());
  expectAsWeb([this] { return changeAllTheTime(); });
}

}  // namespace
}  // namespace sluice::test
