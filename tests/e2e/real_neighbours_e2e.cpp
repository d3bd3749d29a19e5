// SPDX-License-Identifier: Apache-2.0
// As coexistence_e2e.cpp, with what others ship instead of programs that do what theirs do. Theirs
// are no part of this repository, hence skipped unless they are given:
//
// SLUICE_NEIGHBOUR_PROGRAMS: CODE=FILE, separated by colons: object files of socket load balancers,
// and the code that each is to get. In the sources of Cilium, and in felix/bpf-gpl of Calico's:
//   clang --target=bpf -O2 -g -std=gnu99 -nostdinc -mcpu=v3 -ftrap-function=__undefined_trap
//     -Ibpf -Ibpf/include -DENABLE_IPV4 -DENABLE_IPV6 -DENABLE_SOCKET_LB_TCP
//     -DENABLE_SOCKET_LB_PEER -c bpf/bpf_sock.c -o FILE
//   clang --target=bpf -O2 -g -D__x86_64__ -I/usr/include/bpf -I/usr/include/x86_64-linux-gnu
//     $(./calculate-flags connect_time_no_log_v4.ll) -c connect_balancer.c -o FILE
// SLUICE_RUNSC: gVisor's runsc, by `CGO_ENABLED=0 go build gvisor.dev/gvisor/runsc`.
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include "tests/e2e/shop.h"
#include "tests/support/other_program/compiled_programs.h"

namespace sluice::test {
namespace {

/// Both paths are in use beside them.
class RealNeighbours : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(apply("product-api-header.yaml").ok());
  }

  bool says(const std::string& part) { return statusText().find(part) != std::string::npos; }

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

TEST_F(RealNeighbours, SocketLoadBalancersAreNamedAndRulesHoldBesideThem) {
  const char* given = std::getenv("SLUICE_NEIGHBOUR_PROGRAMS");
  if (given == nullptr) GTEST_SKIP() << "SLUICE_NEIGHBOUR_PROGRAMS names no object files";
  std::istringstream list(given);
  for (std::string each; std::getline(list, each, ':');) {
    SCOPED_TRACE(each);
    const auto equals = each.find('=');
    ASSERT_NE(equals, std::string::npos) << "is no CODE=FILE";
    auto attached = CompiledPrograms::attach(each.substr(equals + 1), cgroupAbove());
    ASSERT_TRUE(attached.ok()) << attached.error().message();
    std::optional<CompiledPrograms> theirs(*std::move(attached));
    EXPECT_TRUE(inTime([this] { return statusText(); }, "warning " + each.substr(0, equals)))
        << statusText();
    std::cout << statusText();
    EXPECT_TRUE(says("default/web: enrolled"));
    expectRules();
    theirs.reset();
    EXPECT_TRUE(inTime([&] { return says("warning SLU") ? "named" : "gone"; }, "gone"));
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
  EXPECT_TRUE(says("default/web: leftAlone")) << statusText();
}

}  // namespace
}  // namespace sluice::test
