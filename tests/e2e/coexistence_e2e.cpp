// SPDX-License-Identifier: Apache-2.0
// Who else acts on a workload's connections is named, and goes on: docs/coexistence.md.
#include <sys/socket.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/e2e/gate.h"
#include "tests/e2e/shop.h"
#include "tests/support/other_program/other_program.h"
#include "tests/support/programs.h"
#include "userspace/model/codes.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using How = OtherProgram::How;

class Coexistence : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
  }

  SocketAddress server() const { return {shop().lab().host("product-api-v2").address4, 8080}; }

  /// Who answers the workload there, or why nobody does.
  std::string answerOf(const SocketAddress& to) {
    const auto answer = asWeb([&]() -> Result<std::string> {
      auto connection = HttpConnection::connect(to, std::chrono::seconds(5));
      if (!connection) return std::move(connection).error();
      auto response = connection->exchange({});
      if (!response) return std::move(response).error();
      return response->servedBy();
    });
    return answer.ok() ? *answer : answer.error().message();
  }

  Result<Process> spawnSidecar() const {
    const auto program = shop().lab().directory() / "pilot-agent";
    fs::copy_file("/bin/sleep", program);
    return shop().lab().spawn("web", {program.string(), "1000"});
  }

  /// Connections that endpoints are said to have.
  uint64_t active() {
    const auto stat = ask({"stat"});
    EXPECT_TRUE(stat.ok()) << stat.error().message();
    uint64_t sum = 0;
    if (stat)
      for (const auto& item : stat->at("items"))
        if (item.at("kind") == "endpoint") sum += item.at("active").get<uint64_t>();
    return sum;
  }

  uint64_t neighbours(const std::string& code) {
    const auto count = sample("sluice_workload_neighbours{code=\"" + code + "\"}");
    return count.ok() ? *count : ~uint64_t{0};
  }
};

// As Cilium has it: on a cgroup above, for a service that no rule of Sluice names.
TEST_F(Coexistence, AnotherLoadBalancerIsNamedAndBothWork) {
  const SocketAddress not_ours{*IpAddress::parse("10.96.0.99"), 80};
  const auto cilium = OtherProgram::attach(
      "cil_sock4_connect", OtherProgram::Redirect{not_ours, server()}, cgroupAbove(), How::kLink);
  ASSERT_TRUE(cilium.ok()) << cilium.error().message();
  EXPECT_TRUE(inTime([this] { return statusText(); }, "warning SLU5001 cil_sock4_conne (id "))
      << statusText();
  const auto text = statusText();
  EXPECT_NE(text.find("default/web: enrolled"), std::string::npos) << text;
  EXPECT_NE(text.find("hint: set `socketLB.hostNamespaceOnly: true`"), std::string::npos) << text;
  EXPECT_EQ(neighbours(code::kCiliumSocketLb), 1u);

  EXPECT_TRUE(cilium->isAttached());
  EXPECT_EQ(answerOf(not_ours), "product-api-v2") << "theirs works";
  EXPECT_NE(answerOf(productApi()).find("product-api-"), std::string::npos) << "and ours";
  EXPECT_EQ(*counted("steered") + *counted("to_proxy"), 1u);
}

TEST_F(Coexistence, AProgramThatSharesWithNobodyIsNamedAndGoesOn) {
  const auto alone =
      OtherProgram::attach("calico_connect_v4", OtherProgram::Redirect{productApi(), server()},
                           cgroupAbove(), How::kAlone);
  ASSERT_TRUE(alone.ok()) << alone.error().message();
  EXPECT_TRUE(inTime([this] { return statusText(); }, "default/web: leftAlone")) << statusText();
  const auto text = statusText();
  EXPECT_NE(text.find("error SLU5004 calico_connect_ (id "), std::string::npos) << text;
  EXPECT_NE(text.find("warning SLU5002 calico_connect_ (id "), std::string::npos) << text;
  EXPECT_TRUE(alone->isAttached());
  EXPECT_EQ(answerOf(productApi()), "product-api-v2") << "it is theirs again";
  EXPECT_EQ(neighbours(code::kExclusiveProgram), 1u);
}

TEST_F(Coexistence, AWorkloadWithASidecarIsLeftAloneUntilItHasNone) {
  EXPECT_NE(answerOf(productApi()).find("product-api-"), std::string::npos);
  {
    const auto sidecar = spawnSidecar();
    ASSERT_TRUE(sidecar.ok()) << sidecar.error().message();
    EXPECT_TRUE(inTime([this] { return statusText(); }, "error SLU5005 pilot-agent (pid "))
        << statusText();
    EXPECT_NE(statusText().find("default/web: leftAlone"), std::string::npos);
    EXPECT_EQ(answerOf(productApi()).find("product-api-"), std::string::npos)
        << "a cluster IP without a route";
    const auto listed = ask({"get", "workloads"});
    ASSERT_TRUE(listed.ok());
    EXPECT_EQ(listed->at("items")[0].at("state"), "leftAlone");
  }
  EXPECT_TRUE(inTime([this] { return statusText(); }, "default/web: enrolled")) << statusText();
  EXPECT_NE(answerOf(productApi()).find("product-api-"), std::string::npos);
}

/// What clients do with what they have open when a workload is left alone.
Result<void> goOn(HttpConnection& proxied, const Fd& direct) {
  HttpRequest elsewhere;  // where the proxy has no connection yet
  elsewhere.headers = {{"user-group", "beta"}};
  auto answer = proxied.exchange(elsewhere);
  if (!answer) return std::move(answer).error();
  if (answer->status != 200) return mismatch("status " + std::to_string(answer->status));
  if (answer->head.header("connection") != "close") return mismatch("it goes on for ever");
  char byte = 'x';
  if (::send(direct.get(), &byte, 1, MSG_NOSIGNAL) != 1) return Error::system("send");
  if (::recv(direct.get(), &byte, 1, 0) != 1) return Error::system("receive");
  return {};
}

TEST_F(Coexistence, WhatIsOpenWhenAWorkloadIsLeftAloneGoesOnOrEndsInOrder) {
  ASSERT_TRUE(apply("product-api-header.yaml").ok());
  Gate open, alone;
  auto web = startAsWeb([&]() -> Result<void> {
    auto direct = connectTcp(productApiEcho());
    auto proxied = connections(productApi(), 1);
    if (!direct || !proxied) return mismatch("cannot connect");
    if (auto answer = proxied->front().exchange({}); !answer) return std::move(answer).error();
    open.open();
    alone.wait();
    return goOn(proxied->front(), *direct);
  });
  open.wait();
  EXPECT_EQ(active(), 1U) << "of the connect path";
  const auto sidecar = spawnSidecar();
  EXPECT_TRUE(inTime([this] { return statusText(); }, "default/web: leftAlone")) << statusText();
  EXPECT_EQ(active(), 0U) << "nobody would count its end";
  alone.open();
  expectEnd(web);
}

// Of a machine that has cgroup v1 alone: in a mount namespace of its own nothing of version 2 is
// left. `$1` is a bpffs for the command.
Result<Finished> withoutCgroup2(const std::string& command) {
  const std::string script =
      "set -e\nmount --make-rprivate /\n"
      "awk '/ - cgroup2 / {print $5}' /proc/self/mountinfo | xargs -r -n1 umount -l\n"
      "grep -q ' - cgroup ' /proc/self/mountinfo || mount -t cgroup -o none,name=test none \"$1\"\n"
      "mount -t bpf bpf \"$1\"\n" +
      command;
  return run(nullptr, {"unshare", "--mount", "sh", "-c", script, "sh", "/mnt"});
}

TEST(WithoutCgroup2, SluicedSaysItByNameWithTheRemedyAndEnds) {
  const auto started =
      withoutCgroup2(programPath("sluiced") + " --config /mnt --pin-root /mnt/sluice");
  ASSERT_TRUE(started.ok()) << started.error().message();
  EXPECT_EQ(started->status, 1);
  EXPECT_NE(started->err.find("sluiced: SLU5010: cgroups are mounted in version 1 alone\n"
                              "hint: boot with systemd.unified_cgroup_hierarchy=1"),
            std::string::npos)
      << started->out << started->err;
}

TEST(WithoutCgroup2, CheckSaysItByNameWithTheRemedy) {
  const auto checked = withoutCgroup2(programPath("sluicectl") + " check");
  ASSERT_TRUE(checked.ok()) << checked.error().message();
  EXPECT_EQ(checked->status, 1) << checked->out << checked->err;
  EXPECT_NE(checked->out.find("cgroup2        SLU5010: cgroups are mounted in version 1 alone\n"
                              "    hint: boot with systemd.unified_cgroup_hierarchy=1"),
            std::string::npos)
      << checked->out << checked->err;
}

}  // namespace
}  // namespace sluice::test
