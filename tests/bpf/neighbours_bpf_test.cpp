// SPDX-License-Identifier: Apache-2.0
// Programs of others on our hooks: who is found, and what docs/coexistence.md says of the order in
// which they run. Theirs are on the cgroup above the workload's, where Cilium and Calico have them.
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>

#include "tests/bpf/kernel_test.h"
#include "tests/support/cgroup.h"
#include "tests/support/other_program/other_program.h"
#include "userspace/model/codes.h"

namespace sluice::test {
namespace {

using How = OtherProgram::How;
using Redirect = OtherProgram::Redirect;
using Refuse = OtherProgram::Refuse;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NeighbourPrograms : public KernelTest {
 protected:
  /// The workload moves from the cgroup of the fixture to one below it.
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(kernel_->detach(kWorkload).ok());
    above_ = cgroup_;
    below_ = cgroup_ / "pod";
    ASSERT_TRUE(std::filesystem::create_directory(below_));
    pod_ = Fd(::open(below_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    sockets_.reset();
    auto sockets = SocketMaker::in(below_);
    ASSERT_TRUE(sockets.ok()) << sockets.error().message();
    sockets_ = *std::move(sockets);
    setWorkload();
    ours_ = listen("127.0.0.2");
    theirs_ = listen("127.0.0.3");
    steerTo(vip_, {ours_.address});
  }

  Result<void> attachOurs() { return kernel_->attach(kWorkload, pod_.get()); }
  Neighbours found() const { return kernel_->neighbours(pod_.get()); }

  std::string who(const char* code) const {
    const auto all = found();
    const auto one = std::ranges::find(all, code, &Neighbour::code);
    return one == all.end() ? "" : one->who;
  }

  void connectAndClose() {
    const Fd client = connected(vip_);
    Fd server = ours_.accept();
    EXPECT_EQ(::shutdown(client.get(), SHUT_WR), 0);
    readToEnd(server);
    server.reset();
    readToEnd(client);
  }

  template <typename Action>
  OtherProgram other(const std::string& name, const Action& action, How how = How::kLink) {
    auto made = OtherProgram::attach(name, action, above_, how);
    EXPECT_TRUE(made.ok()) << made.error().message();
    return *std::move(made);
  }

  std::filesystem::path above_, below_;
  Fd pod_;
  Listener ours_, theirs_;
  const SocketAddress not_ours_ = at("10.96.0.99", 80);
};

TEST_F(NeighbourPrograms, OursAreNotNamed) {
  EXPECT_THAT(found(), IsEmpty());
  ASSERT_TRUE(attachOurs().ok());
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_THAT(kernel_->neighbours(cgroup_fd_.get()), IsEmpty());
}

TEST_F(NeighbourPrograms, LoadBalancersAreKnownByTheNamesOfTheirPrograms) {
  ASSERT_TRUE(attachOurs().ok());
  const auto cilium = other("cil_sock4_connect", Redirect{not_ours_, theirs_.address});
  const auto calico =
      other("calico_connect_v4", Redirect{not_ours_, theirs_.address}, How::kShared);
  const auto someone = other("someone", Redirect{not_ours_, theirs_.address});
  EXPECT_THAT(who(code::kCiliumSocketLb), HasSubstr("cil_sock4_conne (id "));
  EXPECT_THAT(who(code::kCiliumSocketLb), HasSubstr(", connect4)"));
  EXPECT_THAT(who(code::kCalicoConnectTime), HasSubstr("calico_connect_ (id "));
  EXPECT_THAT(who(code::kOtherProgram), HasSubstr("someone (id "));
  EXPECT_EQ(found().size(), 3U);
  EXPECT_FALSE(keepsAway(found()));
}

TEST_F(NeighbourPrograms, OneThatGoesIsNotNamedAnyMore) {
  {
    const auto gone = other("someone", Refuse{});
  }
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(NeighbourPrograms, ABalancerAboveSeesWhatWeChoseAndLeavesIt) {
  ASSERT_TRUE(attachOurs().ok());
  const auto balancer = other("cil_sock4_connect", Redirect{vip_, theirs_.address});
  const Fd client = connected(vip_);
  EXPECT_TRUE(ours_.accept());
  EXPECT_EQ(peerAddress(client), vip_);
  EXPECT_EQ(reason(REASON_STEERED), 1U);
}

TEST_F(NeighbourPrograms, WhatWeLeaveAloneIsTheBalancersAsBefore) {
  ASSERT_TRUE(attachOurs().ok());
  const auto balancer = other("cil_sock4_connect", Redirect{not_ours_, theirs_.address});
  EXPECT_TRUE(connected(not_ours_));
  EXPECT_TRUE(theirs_.accept());
}

TEST_F(NeighbourPrograms, AProgramAboveHasTheLastWord) {
  ASSERT_TRUE(attachOurs().ok());
  const auto redirect = other("redirect", Redirect{ours_.address, theirs_.address});
  EXPECT_TRUE(connected(vip_));
  EXPECT_TRUE(theirs_.accept());
}

TEST_F(NeighbourPrograms, ARefusalAboveIsNotOurs) {
  ASSERT_TRUE(attachOurs().ok());
  const auto refuse = other("refuse", Refuse{});
  EXPECT_EQ(connectTo(clientSocket(), vip_), EPERM);
  EXPECT_EQ(reason(REASON_STEERED), 1U);
  EXPECT_THAT(who(code::kOtherProgram), HasSubstr("refuse"));
}

// What docs/coexistence.md says of it: nothing can be done, and it is named.
TEST_F(NeighbourPrograms, OneThatClearsCallbacksTakesOursAway) {
  ASSERT_TRUE(attachOurs().ok());
  connectAndClose();
  EXPECT_EQ(endpointStats(1).closed, 1U);
  const auto clear = other("clear", OtherProgram::ClearCallbacks{});
  connectAndClose();
  EXPECT_EQ(endpointStats(1).opened, 2U);
  EXPECT_EQ(endpointStats(1).closed, 1U);
  EXPECT_EQ(active(1), 1U) << "the least-request policy takes it for open";
  EXPECT_THAT(who(code::kOtherProgram), HasSubstr("clear (id "));
  EXPECT_THAT(who(code::kOtherProgram), HasSubstr(", socket_event)"));
}

TEST_F(NeighbourPrograms, OneWithoutFlagsKeepsUsAwayAndIsNamed) {
  const auto alone = other("calico_connect_v4", Redirect{vip_, theirs_.address}, How::kAlone);
  EXPECT_THAT(who(code::kExclusiveProgram), HasSubstr("calico_connect_ (id "));
  EXPECT_THAT(who(code::kCalicoConnectTime), HasSubstr("calico_connect_ (id "));
  EXPECT_TRUE(keepsAway(found()));
  EXPECT_EQ(attachOurs().error().errnum(), EPERM);
  EXPECT_TRUE(alone.isAttached());
  EXPECT_TRUE(connected(vip_));
  EXPECT_TRUE(theirs_.accept());
}

TEST_F(NeighbourPrograms, OneThatOursWouldReplaceKeepsUsAway) {
  const auto replaceable = other("someone", Redirect{vip_, theirs_.address}, How::kReplaceable);
  EXPECT_THAT(who(code::kExclusiveProgram), HasSubstr("someone (id "));
  EXPECT_TRUE(keepsAway(found()));
  ASSERT_TRUE(attachOurs().ok()) << "the kernel would let us";
  EXPECT_TRUE(connected(vip_));
  EXPECT_TRUE(ours_.accept()) << "and switch it off";
}

TEST_F(NeighbourPrograms, OneThatComesLaterAndIsSwitchedOffByOursIsFound) {
  ASSERT_TRUE(attachOurs().ok());
  const auto alone = other("late", Redirect{not_ours_, theirs_.address}, How::kAlone);
  EXPECT_THAT(who(code::kExclusiveProgram), HasSubstr("late (id "));
  EXPECT_NE(connectTo(clientSocket(), not_ours_), 0) << "it does not run for the workload";
  ASSERT_TRUE(kernel_->detach(kWorkload).ok());
  EXPECT_TRUE(connected(not_ours_));
  EXPECT_TRUE(theirs_.accept());
}

TEST_F(NeighbourPrograms, OneInTheWorkloadsOwnCgroupIsFound) {
  const auto beside = OtherProgram::attach("beside", Refuse{}, below_, How::kAlone);
  ASSERT_TRUE(beside.ok());
  EXPECT_THAT(who(code::kExclusiveProgram), HasSubstr("beside (id "));
  EXPECT_EQ(attachOurs().error().errnum(), EPERM);
}

}  // namespace
}  // namespace sluice::test
