// SPDX-License-Identifier: Apache-2.0
// One version after another, on the same pins. The same programs are two versions by the number of
// their schema, which gives each of them tables of its own.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "loader/hooks.h"
#include "loader/pins.h"
#include "tests/bpf/kernel_test.h"
#include "tests/support/cgroup.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using loader::Kernel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint32_t kOld = SLUICE_SCHEMA + 1;  // a version may as well be followed by an older one
constexpr uint32_t kNew = SLUICE_SCHEMA;

class Upgrade : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    kernel_.reset();
    ASSERT_TRUE(Kernel::uninstall(pins_).ok());
    ASSERT_NO_FATAL_FAILURE(startKernel(true, kOld));
    setWorkload();
    old_server_ = listen("127.0.0.2");
    new_server_ = listen("127.0.0.3");
    steerTo(vip_, {old_server_.address});
  }

  /// The new version's process, whose agent has published nothing yet.
  void startNew() { startKernel(true, kNew); }

  /// The new version's agent has published rules, and the workload's record.
  void publishNew() {
    steerTo(vip_, {new_server_.address});
    setWorkload();
  }

  fs::path pinOf(uint32_t schema, std::string_view hook) const {
    return loader::PinPaths(pins_, schema).links(kWorkload) / hook;
  }

  std::map<std::string, uint32_t> programs(uint32_t schema) const {
    std::map<std::string, uint32_t> ids;
    for (const auto& hook : loader::kHooks) {
      const Fd link(bpf_obj_get(pinOf(schema, hook.name).c_str()));
      bpf_link_info info{};
      uint32_t size = sizeof(info);
      if (bpf_obj_get_info_by_fd(link.get(), &info, &size) == 0)
        ids[std::string(hook.name)] = info.prog_id;
    }
    return ids;
  }

  void expectSteeredBy(const Listener& server) {
    EXPECT_TRUE(connected(vip_));
    EXPECT_TRUE(server.accept());
  }

  void expectKeptAndNotCounted(Fd client, Fd accepted);

  const SocketAddress vip_ = at("10.96.0.1", 80);
  Listener old_server_, new_server_;
};

TEST_F(Upgrade, TheOldVersionSteersUntilTheNewOneCan) {
  ASSERT_NO_FATAL_FAILURE(startNew());
  expectSteeredBy(old_server_);

  steerTo(vip_, {new_server_.address});
  ASSERT_TRUE(kernel_->takeOver().ok());
  EXPECT_TRUE(kernel_->isTakingOver()) << "no record says where the agent listens";
  expectSteeredBy(old_server_);

  setWorkload();
  ASSERT_TRUE(kernel_->takeOver().ok());
  expectSteeredBy(new_server_);
  EXPECT_FALSE(kernel_->isTakingOver());
  EXPECT_FALSE(fs::exists(pins_ / std::to_string(kOld)));
  EXPECT_THAT(kernel_->attached(), ElementsAre(kWorkload));
  EXPECT_EQ(reason(REASON_STEERED), 1U);
}

/// The old version's process waits meanwhile, and the new one ends before it has said that it has
/// the place.
TEST_F(Upgrade, AVersionWhosePinsHaveBeenRemovedTakesBack) {
  auto old = std::move(kernel_);
  old->releaseLock();
  ASSERT_NO_FATAL_FAILURE(startNew());
  publishNew();
  ASSERT_TRUE(kernel_->takeOver().ok());
  ASSERT_FALSE(fs::exists(pins_ / std::to_string(kOld)));

  kernel_ = std::move(old);
  const auto back = kernel_->takeBack();
  ASSERT_TRUE(back.ok()) << back.error().message();
  steerTo(vip_, {old_server_.address});
  setWorkload();
  ASSERT_TRUE(kernel_->attach(kWorkload, cgroup_fd_.get()).ok());
  const auto taken = kernel_->takeOver();
  ASSERT_TRUE(taken.ok()) << taken.error().message();
  EXPECT_FALSE(kernel_->isTakingOver());
  expectSteeredBy(old_server_);
  EXPECT_TRUE(fs::exists(pins_ / std::to_string(kOld) / "services"));
}

TEST_F(Upgrade, WhoIsNotAskedForAnyMoreIsDetached) {
  kernel_.reset();
  auto kernel = Kernel::load({.pin_root = pins_, .schema = kNew});
  ASSERT_TRUE(kernel.ok()) << kernel.error().message();
  EXPECT_THAT((*kernel)->attached(), ElementsAre(kWorkload));
  EXPECT_TRUE((*kernel)->isTakingOver());

  ASSERT_TRUE((*kernel)->detach(kWorkload).ok());
  ASSERT_TRUE((*kernel)->takeOver().ok());

  EXPECT_FALSE((*kernel)->isTakingOver());
  const Fd client = clientSocket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
  EXPECT_EQ(connectTo(client, vip_), ENETUNREACH) << "nobody steers it";
}

void Upgrade::expectKeptAndNotCounted(Fd client, Fd accepted) {
  EXPECT_EQ(peerAddress(client), vip_);
  ASSERT_NO_FATAL_FAILURE(closeInOrder(std::move(client), std::move(accepted)));
  EXPECT_EQ(endpointStats(1).closed, 0U);
  EXPECT_EQ(active(1), 0U);
}

TEST_F(Upgrade, OpenConnectionsKeepTheirNamesAndAreNotCountedUnderOthersIds) {
  Fd client = connected(vip_);
  Fd accepted = old_server_.accept();
  ASSERT_NO_FATAL_FAILURE(startNew());
  publishNew();
  ASSERT_TRUE(kernel_->takeOver().ok());
  expectKeptAndNotCounted(std::move(client), std::move(accepted));
}

TEST_F(Upgrade, NorAreTheyWhenTheirVersionComesBackToTablesOfItsOwn) {
  Fd client = connected(vip_);
  Fd accepted = old_server_.accept();
  for (const uint32_t schema : {kNew, kOld}) {
    ASSERT_NO_FATAL_FAILURE(startKernel(true, schema));
    publishNew();
    ASSERT_TRUE(kernel_->takeOver().ok());
  }
  expectKeptAndNotCounted(std::move(client), std::move(accepted));
}

TEST_F(Upgrade, AProcessThatEndedHalfWayIsFollowedByOneThatGoesOn) {
  kernel_.reset();
  const loader::PinPaths ours(pins_, kNew);
  for (const auto& path : {ours.schema(), ours.links(), ours.links(kWorkload)})
    ASSERT_TRUE(loader::makeDirectory(path).ok());
  for (const std::string_view hook : {"getpeername4", "getpeername6", "getsockname4"})
    ASSERT_EQ(::rename(pinOf(kOld, hook).c_str(), pinOf(kNew, hook).c_str()), 0);

  ASSERT_NO_FATAL_FAILURE(startNew());
  expectSteeredBy(old_server_);
  publishNew();
  ASSERT_TRUE(kernel_->takeOver().ok());

  expectSteeredBy(new_server_);
  EXPECT_EQ(programs(kNew).size(), loader::kHooks.size());
}

/// An upgrade that was given up and is tried again: its listeners are gone, its rules are old.
/// A unit that is configured but does not run, since it was stopped.
TEST_F(Upgrade, AWorkloadThatIsGoneIsNotWaitedFor) {
  const auto other_cgroup = fs::path(cgroup_.string() + "-stopped");
  ASSERT_TRUE(fs::create_directory(other_cgroup));
  {
    const Fd cgroup(::open(other_cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(kernel_->attach(WorkloadId{1}, cgroup.get()).ok());
  }
  ASSERT_TRUE(removeCgroup(other_cgroup).ok());
  ASSERT_NO_FATAL_FAILURE(startNew());
  publishNew();
  // The kernel gives up a cgroup's links some time after it is removed.
  for (int look = 0; look < 100 && kernel_->isTakingOver(); ++look) {
    ASSERT_TRUE(kernel_->takeOver().ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_FALSE(kernel_->isTakingOver());
  expectSteeredBy(new_server_);
}

TEST_F(Upgrade, WhatAnEarlierAttemptPublishedDoesNotCount) {
  ASSERT_NO_FATAL_FAILURE(startNew());
  publishNew();

  ASSERT_NO_FATAL_FAILURE(startNew());
  ASSERT_TRUE(kernel_->takeOver().ok());
  EXPECT_TRUE(kernel_->isTakingOver());
  expectSteeredBy(old_server_);

  publishNew();
  ASSERT_TRUE(kernel_->takeOver().ok());
  expectSteeredBy(new_server_);
}

TEST_F(Upgrade, WhatCannotBeSwappedAsAWholeIsNotSwappedAtAll) {
  ASSERT_NO_FATAL_FAILURE(startNew());
  publishNew();
  const auto before = programs(kOld);
  const Fd last(bpf_obj_get(pinOf(kOld, "connect6").c_str()));
  ASSERT_EQ(bpf_link_detach(last.get()), 0);

  const auto taken = kernel_->takeOver();

  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().message(), HasSubstr("feedfacecafebeef"));
  EXPECT_EQ(programs(kOld), before);
  expectSteeredBy(old_server_);
}

TEST_F(Upgrade, AVersionThatDoesNotLoadChangesNothing) {
  const auto before = programs(kOld);
  kernel_.reset();
  const loader::PinPaths ours(pins_, kNew);
  ASSERT_TRUE(loader::makeDirectory(ours.schema()).ok());
  const Fd other(bpf_map_create(BPF_MAP_TYPE_ARRAY, "services", 4, 4, 1, nullptr));
  ASSERT_EQ(bpf_obj_pin(other.get(), (ours.schema() / "services").c_str()), 0);

  EXPECT_FALSE(Kernel::load({.pin_root = pins_, .schema = kNew}).ok());

  EXPECT_EQ(programs(kOld), before);
  expectSteeredBy(old_server_);
  ASSERT_NO_FATAL_FAILURE(startKernel(true, kOld)) << "and one may go back";
  expectSteeredBy(old_server_);
}

TEST_F(Upgrade, InAnotherCgroupTheWorkloadIsAttachedAnew) {
  const auto moved = fs::path(cgroup_.string() + "-moved");
  ASSERT_TRUE(fs::create_directory(moved));
  {
    kernel_.reset();
    auto kernel = Kernel::load({.pin_root = pins_, .schema = kNew});
    ASSERT_TRUE(kernel.ok()) << kernel.error().message();
    const Fd cgroup(::open(moved.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_TRUE((*kernel)->attach(kWorkload, cgroup.get()).ok());
    EXPECT_TRUE(programs(kOld).empty());
    EXPECT_EQ(programs(kNew).size(), loader::kHooks.size());
    EXPECT_TRUE((*kernel)->detach(kWorkload).ok());
  }
  EXPECT_TRUE(removeCgroup(moved).ok());
}

TEST_F(Upgrade, UninstallRemovesWhatAllVersionsHave) {
  ASSERT_NO_FATAL_FAILURE(startNew());
  kernel_.reset();
  ASSERT_TRUE(Kernel::uninstall(pins_).ok());
  EXPECT_FALSE(fs::exists(pins_));
}

/// Of the same schema: all workloads, or none.
TEST_F(Upgrade, OneWorkloadThatCannotBeAdoptedLeavesAllAsTheyAre) {
  const auto other_cgroup = fs::path(cgroup_.string() + "-other");
  const auto other_root = bpffs_ / "other";
  constexpr WorkloadId kOther{0xffffffffffff0000};
  ASSERT_TRUE(fs::create_directory(other_cgroup));
  {
    auto kernel = Kernel::load({.pin_root = other_root});
    ASSERT_TRUE(kernel.ok()) << kernel.error().message();
    const Fd cgroup(::open(other_cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE((*kernel)->attach(kOther, cgroup.get()).ok());
  }
  // Links with the storage of another installation.
  const loader::PinPaths theirs(other_root), ours(pins_, kOld);
  ASSERT_EQ(::rename(theirs.links(kOther).c_str(), ours.links(kOther).c_str()), 0);
  const auto before = programs(kOld);
  kernel_.reset();

  const auto loaded = Kernel::load({.pin_root = pins_, .schema = kOld});

  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message(), HasSubstr("another cgroup storage"));
  EXPECT_EQ(programs(kOld), before);
  expectSteeredBy(old_server_);
  EXPECT_TRUE(Kernel::uninstall(other_root).ok());
  EXPECT_TRUE(Kernel::uninstall(pins_).ok());
  EXPECT_TRUE(removeCgroup(other_cgroup).ok());
}

}  // namespace
}  // namespace sluice::test
