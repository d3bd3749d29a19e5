// SPDX-License-Identifier: Apache-2.0
// As coexistence_e2e.cpp, with what others ship instead of programs that do what theirs do. Theirs
// are no part of this repository; vm-tests and CI have none. docs/coexistence.md says how they are
// made.
//
// SLUICE_NEIGHBOUR_PROGRAMS: object files of Cilium's and Calico's socket load balancers, separated
// by colons. SLUICE_RUNSC: gVisor's runsc.
#include <cstdlib>
#include <sstream>

#include "tests/e2e/shop.h"
#include "tests/support/other_program/compiled_programs.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;

class RealNeighbours : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(apply("product-api-header.yaml").ok());
  }

  /// The cgroup of all hosts of the lab, above that of the workload.
  fs::path above() const {
    return fs::path(shop().lab().host("web").cgroup_directory).parent_path();
  }

  std::string statusText() {
    const auto text = sluiced().ctl({"status"});
    return text.ok() ? text->out : text.error().message();
  }

  /// Of an echo and of a request that a rule decides: one by each path.
  void expectRules() {
    const auto beta = asWeb([&]() -> Result<std::string> {
      auto direct = connectTcp(productApiEcho());
      if (!direct) return std::move(direct).error();
      auto proxied = HttpConnection::connect(productApi());
      if (!proxied) return std::move(proxied).error();
      HttpRequest request;
      request.headers = {{"user-group", "beta"}};
      auto answer = proxied->exchange(request);
      if (!answer) return std::move(answer).error();
      return answer->servedBy();
    });
    EXPECT_EQ(beta.ok() ? *beta : beta.error().message(), "product-api-v2");
  }
};

TEST_F(RealNeighbours, OtherSocketLoadBalancersAreNamedAndBothWork) {
  const char* given = std::getenv("SLUICE_NEIGHBOUR_PROGRAMS");
  if (given == nullptr) GTEST_SKIP() << "SLUICE_NEIGHBOUR_PROGRAMS names no object files";
  std::istringstream files(given);
  for (std::string file; std::getline(files, file, ':');) {
    SCOPED_TRACE(file);
    const auto theirs = CompiledPrograms::attach(file, above());
    ASSERT_TRUE(theirs.ok()) << theirs.error().message();
    EXPECT_TRUE(inTime(
        [this] {
          const auto text = statusText();
          return text.find("SLU5001") != text.npos || text.find("SLU5002") != text.npos ? "named"
                                                                                        : text;
        },
        "named"))
        << statusText();
    const auto text = statusText();
    std::cout << text;
    EXPECT_NE(text.find("default/web: enrolled"), std::string::npos) << text;
    expectRules();
  }
}

TEST_F(RealNeighbours, WhatRunsInGvisorIsNamedAndLeftAlone) {
  const char* runsc = std::getenv("SLUICE_RUNSC");
  if (runsc == nullptr) GTEST_SKIP() << "SLUICE_RUNSC names no program";
  const auto root = shop().lab().directory() / "runsc";
  const auto sandbox =
      shop().lab().spawn("web", {runsc, "--root=" + root.string(), "--network=none",
                                 "--ignore-cgroups", "do", "/bin/sleep", "1000"});
  ASSERT_TRUE(sandbox.ok()) << sandbox.error().message();
  EXPECT_TRUE(inTime([this] { return statusText(); }, "error SLU5008 runsc (pid ")) << statusText();
  EXPECT_NE(statusText().find("default/web: leftAlone"), std::string::npos) << statusText();
}

}  // namespace
}  // namespace sluice::test
