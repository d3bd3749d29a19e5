// SPDX-License-Identifier: Apache-2.0
// What is counted as open is counted as closed once, also where the programs go first.
#include <fcntl.h>
#include <sys/socket.h>

#include <filesystem>
#include <optional>

#include "tests/bpf/kernel_test.h"
#include "userspace/broker/open_counts.h"

namespace sluice::test {
namespace {

class OpenCounts : public OneServerTest {
 protected:
  void SetUp() override {
    OneServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    counts_.emplace(kernel_->dataPlane(), kernel_->connectionStore());
  }

  void detach() { ASSERT_TRUE(kernel_->detach(kWorkload).ok()); }
  void attach() { ASSERT_TRUE(kernel_->attach(kWorkload, cgroup_fd_.get()).ok()); }

  uint32_t giveBack() {
    const auto given = counts_->giveBack(kWorkload, cgroup_fd_.get());
    EXPECT_TRUE(given.ok()) << given.error().message();
    return given ? *given : 0;
  }
  uint32_t takeAgain() {
    const auto taken = counts_->takeAgain(kWorkload, cgroup_fd_.get());
    EXPECT_TRUE(taken.ok()) << taken.error().message();
    return taken ? *taken : 0;
  }

  /// In order, so that its end is seen when this returns.
  void close(Fd client) { closeInOrder(std::move(client), server_.accept()); }

  std::optional<broker::OpenCounts> counts_;
};

TEST_F(OpenCounts, WhatIsOpenWhenTheProgramsGoIsGivenBack) {
  Fd first = connected(vip_), second = connected(vip_);
  ASSERT_NO_FATAL_FAILURE(close(std::move(first)));
  ASSERT_EQ(active(1), 1U);
  detach();
  EXPECT_EQ(giveBack(), 1U);
  EXPECT_EQ(active(1), 0U);
  EXPECT_EQ(endpointStats(1).closed, 1U) << "the id is held for what is open";
}

TEST_F(OpenCounts, WhatIsStillOpenWhenTheyComeBackIsTakenAgain) {
  Fd ends = connected(vip_), stays = connected(vip_);
  detach();
  EXPECT_EQ(giveBack(), 2U);
  ASSERT_NO_FATAL_FAILURE(close(std::move(ends)));
  EXPECT_EQ(takeAgain(), 1U);
  attach();
  EXPECT_EQ(active(1), 1U);
  ASSERT_NO_FATAL_FAILURE(close(std::move(stays)));
  EXPECT_EQ(active(1), 0U);
  EXPECT_EQ(endpointStats(1).established, 2U);
  EXPECT_EQ(endpointStats(1).closed, 1U);
}

TEST_F(OpenCounts, AConnectionThatIsNotMadeYetIsNotLive) {
  ASSERT_EQ(::listen(server_.fd.get(), 0), 0);
  const Fd waiting(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connectTo(waiting, server_.address), 0);
  const Fd client = clientSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
  ASSERT_EQ(connectTo(client, vip_), EINPROGRESS);
  detach();
  EXPECT_EQ(giveBack(), 0U);
  EXPECT_EQ(active(1), 0U);
}

TEST_F(OpenCounts, SocketsOfOthersAndOfAnotherCgroupAreNot) {
  const Fd client = connected(vip_);
  EXPECT_EQ(*counts_->giveBack(WorkloadId{1}, cgroup_fd_.get()), 0U);
  const auto elsewhere = cgroup_ / "other";
  ASSERT_TRUE(std::filesystem::create_directory(elsewhere));
  const Fd other(::open(elsewhere.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(*counts_->giveBack(kWorkload, other.get()), 0U) << "it was there before that one";
  std::filesystem::remove(elsewhere);
  EXPECT_EQ(active(1), 1U);
}

TEST_F(OpenCounts, ProxiedConnectionsAreNoEndpoints) {
  const auto proxy = listen("0.0.0.0", "lo"), alive = listen("127.0.0.1");
  setRoute(ROUTE_VIA_PROXY, {});
  setWorkload(proxy.address.port, 0, alive.address.port);
  const Fd client = connected(vip_);
  detach();
  EXPECT_EQ(giveBack(), 0U);
  EXPECT_EQ(active(0), 0U);
}

}  // namespace
}  // namespace sluice::test
