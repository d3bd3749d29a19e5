// SPDX-License-Identifier: Apache-2.0
// Header rules and weighted splits, on both paths.
#include <fmt/format.h>

#include "tests/e2e/draws.h"
#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

class Canary : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    const auto applied = apply("product-api-destinationrule.yaml");
    ASSERT_TRUE(applied.ok()) << applied.error().message();
  }

  void use(const std::string& example) {
    const auto applied = applyAs("virtualservice.yaml", example);
    ASSERT_TRUE(applied.ok()) << applied.error().message();
  }
};

TEST_F(Canary, EachRequestGoesWhereItsHeaderSays) {
  use("product-api-header.yaml");
  expectAsWeb([]() -> Result<void> {
    auto open = connections(productApi(), 4);
    if (!open) return std::move(open).error();
    for (int i = 0; i < 400; ++i) {
      // Halves that share each connection, in an order that is not simply one after the other.
      const bool beta = (i / 4 + i / 7) % 2 == 0;
      HttpRequest request;
      if (beta) request.headers = {{"User-Group", "beta"}};
      auto response = (*open)[static_cast<size_t>(i % 4)].exchange(request);
      if (!response) return std::move(response).error();
      if (versionOf(response->servedBy()) != (beta ? "v2" : "v1"))
        return mismatch(
            fmt::format("request {} (beta: {}) was served by {}", i, beta, response->servedBy()));
    }
    return {};
  });
}

TEST_F(Canary, WeightsHoldPerRequestOnKeepAliveConnections) {
  use("product-api-canary-90-10.yaml");
  const auto drawn = asWeb([]() -> Result<std::string> {
    auto open = connections(productApi(), 8);
    if (!open) return std::move(open).error();
    auto tally = drawRequests(*open, 5000);
    if (!tally) return std::move(tally).error();
    return text(*tally);
  });
  ASSERT_TRUE(drawn.ok()) << drawn.error().message();
  const auto tally = tallyOf(*drawn);
  expectShares(tally, {{"v1", 90}, {"v2", 10}});
  for (const std::string subset : {"v1", "v2"})
    EXPECT_EQ(*sample("sluice_request_duration_seconds_count{source=\"default/web\",service="
                      "\"product-api.default.svc.cluster.local:80\",subset=\"" +
                      subset + "\",code_class=\"2xx\",grpc_status=\"\"}"),
              tally.at(subset));
}

TEST_F(Canary, WeightsHoldPerConnectionWithoutAProxyInThePath) {
  use("product-api-canary-90-10-connection.yaml");
  const auto drawn = asWeb([]() -> Result<std::string> {
    auto tally = drawConnections(productApi(), 5000);
    if (!tally) return std::move(tally).error();
    return text(*tally);
  });
  ASSERT_TRUE(drawn.ok()) << drawn.error().message();
  expectShares(tallyOf(*drawn), {{"v1", 90}, {"v2", 10}});
  EXPECT_EQ(*counted("steered"), 5000u);
  EXPECT_EQ(*counted("to_proxy"), 0u);
}

TEST_F(Canary, TheNextRequestOnEachOpenConnectionFollowsTheNewRule) {
  use("product-api-canary-90-10.yaml");
  expectAsWeb([this]() -> Result<void> {
    auto open = connections(productApi(), 8);
    if (!open) return std::move(open).error();
    if (auto before = drawRequests(*open, 80); !before) return std::move(before).error();
    SLUICE_TRY(applyAs("virtualservice.yaml", "product-api-v2.yaml"));
    auto after = drawRequests(*open, 8);
    if (!after) return std::move(after).error();
    if (*after != Tally{{"v2", 8}}) return mismatch("after the change: " + text(*after));
    return {};
  });
}

TEST_F(Canary, EveryReplicaOfASubsetServes) {
  use("product-api-header.yaml");
  expectAsWeb([]() -> Result<void> {
    auto open = connections(productApi(), 1);
    Tally servers;
    for (int i = 0; i < 100; ++i) {
      auto response = open->front().exchange({});
      if (!response) return std::move(response).error();
      ++servers[response->servedBy()];
    }
    if (servers.size() != 2) return mismatch("one replica alone answered: " + text(servers));
    return {};
  });
}

}  // namespace
}  // namespace sluice::test
