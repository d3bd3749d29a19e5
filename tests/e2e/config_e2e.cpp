// SPDX-License-Identifier: Apache-2.0
// Good and bad configuration side by side.
#include <nlohmann/json.hpp>

#include "tests/e2e/draws.h"
#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

/// Line 9, column 15: a weight that is no number.
constexpr const char* kBroken = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings-service, namespace: default}
spec:
  hosts: [ratings]
  http:
  - route:
    - destination: {host: ratings}
      weight: many
)";

class Configuration : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(applyAs("virtualservice.yaml", "product-api-v2.yaml").ok());
  }

  /// What `sluicectl status` has against the resource; empty when it says nothing.
  nlohmann::json diagnosticOf(const std::string& resource) {
    const auto status = sluiced().status();
    if (!status) return nlohmann::json::object();
    for (const auto& entry : (*status)["resources"])
      if (entry["resource"] == resource && !entry["diagnostics"].empty())
        return entry["diagnostics"][0];
    return nlohmann::json::object();
  }

  Tally answers(const SocketAddress& to) {
    const auto drawn = asWeb([&]() -> Result<std::string> {
      auto tally = drawConnections(to, 20);
      if (!tally) return std::move(tally).error();
      return text(*tally);
    });
    EXPECT_TRUE(drawn.ok()) << drawn.error().message();
    return drawn.ok() ? tallyOf(*drawn) : Tally{};
  }
};

TEST_F(Configuration, ABrokenFileLeavesTheGoodOnesAloneAndSaysWhere) {
  ASSERT_TRUE(applyText("broken.yaml", kBroken).ok());
  EXPECT_EQ(answers(productApi()), (Tally{{"v2", 20}}));
  EXPECT_EQ(answers(ratings()), (Tally{{"v1", 20}}));
  const auto diagnostic = diagnosticOf("VirtualService/default/ratings-service");
  EXPECT_EQ(diagnostic.value("line", 0), 9) << diagnostic.dump();
  EXPECT_EQ(diagnostic.value("column", 0), 15) << diagnostic.dump();
  EXPECT_EQ(diagnostic.value("field", ""), "spec.http[0].route[0].weight");
  const auto table = sluiced().ctl({"status"});
  ASSERT_TRUE(table.ok());
  EXPECT_NE(table->out.find("broken.yaml:9:15"), std::string::npos) << table->out;
}

TEST_F(Configuration, ARuleThatBreaksKeepsItsLastGoodVersion) {
  ASSERT_TRUE(applyText("virtualservice.yaml", "apiVersion: [\n").ok());
  EXPECT_EQ(answers(productApi()), (Tally{{"v2", 20}}));
  ASSERT_TRUE(applyAs("virtualservice.yaml", "product-api-50-50.yaml").ok());
  EXPECT_EQ(answers(productApi()).size(), 2u);
}

TEST_F(Configuration, AllApiVersionsMeanTheSame) {
  for (const char* version : {"v1alpha3", "v1beta1", "v1"}) {
    const std::string rule =
        std::string("apiVersion: networking.istio.io/") + version +
        "\nkind: VirtualService\nmetadata: {name: product-api, namespace: default}\nspec:\n"
        "  hosts: [product-api]\n  http: [{route: [{destination: {host: product-api, subset: " +
        (std::string(version) == "v1beta1" ? "v1" : "v2") + "}}]}]\n";
    ASSERT_TRUE(applyText("virtualservice.yaml", rule).ok());
    const Tally tally = answers(productApi());
    EXPECT_EQ(tally, (Tally{{std::string(version) == "v1beta1" ? "v1" : "v2", 20}})) << version;
  }
}

}  // namespace
}  // namespace sluice::test
