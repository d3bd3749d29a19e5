// SPDX-License-Identifier: Apache-2.0
// What outlives the process that has loaded the programs, and what must not.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>

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
using ::testing::IsEmpty;

class Restart : public KernelTest {
 protected:
  fs::path pinOf(std::string_view hook) const {
    return loader::PinPaths(pins_).links(kWorkload) / hook;
  }

  uint32_t programOf(std::string_view hook) const {
    const Fd link(bpf_obj_get(pinOf(hook).c_str()));
    bpf_link_info info{};
    uint32_t size = sizeof(info);
    EXPECT_EQ(bpf_obj_get_info_by_fd(link.get(), &info, &size), 0);
    return info.prog_id;
  }

  Error loadError() {
    auto kernel = Kernel::load({.pin_root = pins_});
    return kernel ? Error(Error::Code::kInvalid, "no error") : std::move(kernel).error();
  }
};

TEST_F(Restart, TheLockOfAnotherDirectoryIsNotTaken) {
  kernel_.reset();
  auto other = Kernel::load({.pin_root = pins_}, Fd(::open("/", O_RDONLY | O_CLOEXEC)));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), Error::Code::kInvalid);
  EXPECT_THAT(other.error().message(), HasSubstr(pins_.string()));
  ASSERT_NO_FATAL_FAILURE(startKernel());
}

TEST_F(Restart, ConnectionsAndCountersSurvive) {
  const auto server = listen("127.0.0.2");
  steerTo(vip_, {server.address});
  Fd before = connected(vip_);

  kernel_.reset();
  const Fd between = connected(vip_);
  ASSERT_NO_FATAL_FAILURE(startKernel());
  const Fd after = connected(vip_);

  for (const Fd* client : std::array<const Fd*, 3>{&before, &between, &after}) {
    EXPECT_EQ(peerAddress(*client), vip_);
  }
  EXPECT_EQ(reason(REASON_STEERED), 3U);
  EXPECT_EQ(active(1), 3U);
  before.reset();
  server.drain();
  EXPECT_EQ(endpointStats(1).opened, 3U);
}

TEST_F(Restart, ProgramsAreSwappedIntoThePinnedLinks) {
  std::vector<uint32_t> before;
  for (const auto& hook : loader::kHooks) before.push_back(programOf(hook.name));
  ASSERT_NO_FATAL_FAILURE(startKernel());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_NE(programOf(loader::kHooks[i].name), before[i]) << loader::kHooks[i].name;
  }
}

TEST_F(Restart, OneProcessAtATime) {
  const auto error = loadError();
  EXPECT_EQ(error.code(), Error::Code::kUnavailable);
  EXPECT_THAT(error.message(), HasSubstr("another sluiced"));
}

TEST_F(Restart, PinsOfRemovedCgroupsAreCollected) {
  EXPECT_THAT(kernel_->attached(), ElementsAre(kWorkload));
  kernel_.reset();
  sockets_.reset();
  ASSERT_TRUE(removeCgroup(cgroup_).ok());
  // The kernel detaches a removed cgroup's programs some time later; load() copes with both.
  auto kernel = Kernel::load({.pin_root = pins_});
  ASSERT_TRUE(kernel.ok()) << kernel.error().message();
  EXPECT_THAT((*kernel)->attached(), IsEmpty());
}

TEST_F(Restart, UnfinishedAttachmentIsRemoved) {
  kernel_.reset();
  ASSERT_TRUE(loader::removePins(pinOf("connect6")).ok());
  auto kernel = Kernel::load({.pin_root = pins_});
  ASSERT_TRUE(kernel.ok()) << kernel.error().message();
  EXPECT_THAT((*kernel)->attached(), IsEmpty());
}

TEST_F(Restart, ForeignStorageIsRefused) {
  kernel_.reset();
  // Without its pin the storage map is made anew, while the links keep the first one.
  ASSERT_EQ(::unlink((pins_ / "workload").c_str()), 0);
  const auto error = loadError();
  EXPECT_EQ(error.code(), Error::Code::kUnsupported);
  EXPECT_THAT(error.message(), HasSubstr("another cgroup storage"));
}

TEST_F(Restart, StorageOfAnotherSizeIsRefused) {
  ASSERT_TRUE(kernel_->detach(kWorkload).ok());
  kernel_.reset();
  const auto pin = pins_ / "workload";
  ASSERT_EQ(::unlink(pin.c_str()), 0);
  const Fd other(bpf_map_create(BPF_MAP_TYPE_CGROUP_STORAGE, "workload", 8, 16, 0, nullptr));
  ASSERT_TRUE(other) << strerror(errno);
  ASSERT_EQ(bpf_obj_pin(other.get(), pin.c_str()), 0);
  EXPECT_THAT(loadError().message(), HasSubstr("is not the cgroup storage of Sluice"));
}

TEST_F(Restart, NeedsABpffs) {
  auto kernel = Kernel::load({.pin_root = "/tmp/sluice-not-a-bpffs"});
  ASSERT_FALSE(kernel.ok());
  EXPECT_THAT(kernel.error().hint(), HasSubstr("mount -t bpf"));
  EXPECT_FALSE(fs::exists("/tmp/sluice-not-a-bpffs"));
}

TEST_F(Restart, AttachIsIdempotent) {
  const auto before = programOf("connect4");
  ASSERT_TRUE(kernel_->attach(kWorkload, cgroup_fd_.get()).ok());
  EXPECT_EQ(programOf("connect4"), before);
  EXPECT_THAT(kernel_->attached(), ElementsAre(kWorkload));
}

TEST_F(Restart, AWorkloadIsAttachedToItsOwnCgroupAlone) {
  const auto elsewhere = cgroup_ / "elsewhere";
  ASSERT_TRUE(std::filesystem::create_directory(elsewhere));
  const Fd other(::open(elsewhere.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(kernel_->isAttached(kWorkload, cgroup_fd_.get()));
  EXPECT_FALSE(kernel_->isAttached(kWorkload, other.get()));
  EXPECT_FALSE(kernel_->isAttached(WorkloadId{5}, cgroup_fd_.get()));
  ASSERT_EQ(::rmdir(elsewhere.c_str()), 0);
}

TEST_F(Restart, AttachFailsAsAWhole) {
  const Fd no_cgroup(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_FALSE(kernel_->attach(WorkloadId{5}, no_cgroup.get()).ok());
  EXPECT_THAT(kernel_->attached(), ElementsAre(kWorkload));
}

TEST_F(Restart, DetachedWorkloadIsLeftAloneAtOnce) {
  const auto called = listen("127.0.0.2");
  const auto endpoint = listen("127.0.0.3");
  steerTo(called.address, {endpoint.address});
  ASSERT_TRUE(kernel_->detach(kWorkload).ok());

  EXPECT_TRUE(connected(called.address));

  EXPECT_TRUE(called.accept());
  EXPECT_THAT(kernel_->attached(), IsEmpty());
}

TEST_F(Restart, UninstallLeavesNothing) {
  const auto called = listen("127.0.0.2");
  const auto endpoint = listen("127.0.0.3");
  steerTo(called.address, {endpoint.address});
  kernel_.reset();

  ASSERT_TRUE(Kernel::uninstall(pins_).ok());

  EXPECT_FALSE(fs::exists(pins_));
  EXPECT_TRUE(connected(called.address));
  EXPECT_TRUE(called.accept());
  EXPECT_TRUE(Kernel::uninstall(pins_).ok()) << "twice is once";
}

}  // namespace
}  // namespace sluice::test
