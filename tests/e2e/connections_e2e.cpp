// SPDX-License-Identifier: Apache-2.0
// What `sluicectl get connections` shows while connections are open.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

using Json = nlohmann::json;

class Connections : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(apply("product-api-header.yaml").ok());
  }

  Json listed(std::vector<std::string> more = {}) {
    std::vector<std::string> command{"get", "connections"};
    std::ranges::move(more, std::back_inserter(command));
    const auto answer = ask(std::move(command));
    EXPECT_TRUE(answer.ok()) << answer.error().message();
    return answer.ok() ? answer->at("items") : Json::array();
  }
};

Json sameDestination(const Json& items, const SocketAddress& address) {
  Json found = Json::array();
  for (const auto& item : items)
    if (item.value("destination", "") == address.text()) found.push_back(item);
  return found;
}

TEST_F(Connections, OfBothPathsAreListedOnceWithWhatTheyCalled) {
  whilePaused(
      [](const std::function<void()>& pause) -> Result<void> {
        auto echo = connectTcp(productApiEcho());
        auto http = connections(productApi(), 1);
        if (!echo || !http) return mismatch("cannot connect");
        if (auto answer = http->front().exchange({}); !answer) return std::move(answer).error();
        pause();
        return {};
      },
      [&] {
        const auto items = listed();
        const auto direct = sameDestination(items, productApiEcho());
        ASSERT_EQ(direct.size(), 1U) << items;
        EXPECT_EQ(direct[0].at("path"), "connect");
        EXPECT_EQ(direct[0].at("reason"), "steered");
        EXPECT_EQ(direct[0].at("state"), "established");
        EXPECT_EQ(direct[0].at("workload"), "default/web");
        const auto proxied = sameDestination(items, productApi());
        ASSERT_EQ(proxied.size(), 1U) << items;
        EXPECT_EQ(proxied[0].at("path"), "proxy");
        EXPECT_EQ(proxied[0].at("requests"), 1);
        EXPECT_EQ(listed({"--unsteered"}), Json::array()) << "the proxy's own are nobody's";
      });
}

TEST_F(Connections, OlderThanTheEnrolmentAreListedAsUnsteered) {
  const std::string all = registryYaml(shop().lab());
  ASSERT_TRUE(applyText("registry.yaml", all.substr(0, all.find("apiVersion: sluice.io/v1"))).ok());
  const SocketAddress endpoint{shop().lab().host("product-api-v1-a").address4, 9090};
  whilePaused(
      [&](const std::function<void()>& pause) -> Result<void> {
        auto direct = connectTcp(endpoint);
        if (!direct) return std::move(direct).error();
        pause();
        return {};
      },
      [&] {
        ASSERT_TRUE(applyText("registry.yaml", all).ok());
        const auto items = listed({"--unsteered"});
        ASSERT_EQ(items.size(), 1U) << items;
        EXPECT_EQ(items[0].at("destination"), endpoint.text());
        EXPECT_EQ(items[0].at("workload"), "default/web");
        EXPECT_EQ(listed(), Json::array());
      });
}

}  // namespace
}  // namespace sluice::test
