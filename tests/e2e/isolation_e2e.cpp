// SPDX-License-Identifier: Apache-2.0
// Nothing outside the enrolled cgroups is touched, and nothing stays when it is over.
#include <sys/socket.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/e2e/shop.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

class Isolation : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(apply("product-api-header.yaml").ok());
  }

  /// The registry without its Workload: nobody is enrolled any more.
  std::string registryWithoutWorkload() {
    const std::string all = registryYaml(shop().lab());
    return all.substr(0, all.find("apiVersion: sluice.io/v1"));
  }
};

Result<std::string> tryToConnect() {
  const auto socket = connectTcp(productApi(), std::chrono::seconds(2));
  return socket.ok() ? std::string("connected") : std::to_string(socket.error().errnum());
}

TEST_F(Isolation, AHostThatIsNotEnrolledIsNotSteered) {
  const auto there = shop().lab().inside("ratings-v1", tryToConnect);
  ASSERT_TRUE(there.ok()) << there.error().message();
  EXPECT_EQ(*there, std::to_string(ENETUNREACH)) << "a cluster IP without a route";
  const auto web = asWeb(tryToConnect);
  ASSERT_TRUE(web.ok()) << web.error().message();
  EXPECT_EQ(*web, "connected");
}

TEST_F(Isolation, NothingButTheWorkloadsCgroupHasPrograms) {
  const auto tree = runChecked({"bpftool", "-j", "cgroup", "tree"});
  ASSERT_TRUE(tree.ok()) << tree.error().message();
  const auto json = nlohmann::json::parse(*tree, nullptr, false);
  ASSERT_TRUE(json.is_array()) << *tree;
  for (const auto& attached : json)
    EXPECT_EQ(attached.value("cgroup", ""), shop().lab().host("web").cgroup_directory);
  EXPECT_FALSE(json.empty());
}

TEST_F(Isolation, AWorkloadThatGoesIsLeftAlone) {
  ASSERT_TRUE(applyText("registry.yaml", registryWithoutWorkload()).ok());
  const auto web = asWeb(tryToConnect);
  ASSERT_TRUE(web.ok()) << web.error().message();
  EXPECT_EQ(*web, std::to_string(ENETUNREACH));
  const auto sockets = shop().lab().run("web", {"ss", "-Hltn"});
  ASSERT_TRUE(sockets.ok());
  EXPECT_EQ(sockets->out, "") << "listeners stayed";
  ASSERT_TRUE(applyText("registry.yaml", registryYaml(shop().lab())).ok());
  EXPECT_EQ(*asWeb(tryToConnect), "connected");
}

TEST_F(Isolation, UninstallLeavesNothing) {
  ASSERT_TRUE(sluiced().stop().ok());
  EXPECT_EQ(*asWeb(tryToConnect), std::to_string(ECONNREFUSED)) << "pinned programs still refuse";
  const auto pin_root = (shop().lab().bpffs() / "sluice").string();
  const auto removed = run(nullptr, {programPath("sluiced"), "uninstall", "--pin-root", pin_root});
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(removed->status, 0) << removed->err;
  EXPECT_FALSE(std::filesystem::exists(pin_root));
  EXPECT_EQ(*asWeb(tryToConnect), std::to_string(ENETUNREACH));
}

}  // namespace
}  // namespace sluice::test
