// SPDX-License-Identifier: Apache-2.0
// What the loader does without the kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/cgroup.h"
#include "loader/libbpf_log.h"
#include "loader/pins.h"

namespace sluice::loader {
namespace {

TEST(Cgroup2Mount, IsFoundByItsType) {
  EXPECT_EQ(cgroup2MountIn("30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"),
            "/sys/fs/cgroup");
}

TEST(Cgroup2Mount, IsFoundAmongTheOldOnes) {
  EXPECT_EQ(cgroup2MountIn("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                           "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                           "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"),
            "/sys/fs/cgroup/unified");
}

TEST(Cgroup2Mount, PartsOfTheHierarchyDoNotCount) {
  EXPECT_EQ(cgroup2MountIn("30 23 0:26 /kubepods /pods rw - cgroup2 cgroup2 rw\n"), "");
}

TEST(Cgroup2Mount, UnescapesThePath) {
  EXPECT_EQ(cgroup2MountIn("30 23 0:26 / /a\\040b rw - cgroup2 cgroup2 rw\n"), "/a b");
}

TEST(LastLines, KeepTheEnd) {
  EXPECT_EQ(lastLines("a\nb\n\nc\n", 2), "b\nc");
  EXPECT_EQ(lastLines("a\n", 2), "a");
  EXPECT_EQ(lastLines("", 2), "");
}

TEST(PinPaths, NameWorkloadsByTheirId) {
  const PinPaths paths("/pins");
  const auto path = paths.links(WorkloadId{0xab});
  EXPECT_EQ(path.filename(), "00000000000000ab");
  EXPECT_EQ(PinPaths::workloadOf(path), WorkloadId{0xab});
}

TEST(PinPaths, OtherNamesAreNoWorkload) {
  EXPECT_EQ(PinPaths::workloadOf("/pins/ab"), std::nullopt);
  EXPECT_EQ(PinPaths::workloadOf("/pins/00000000000000xy"), std::nullopt);
}

TEST(PinPaths, TheFrozenMapIsOutsideTheSchema) {
  const PinPaths paths("/pins");
  EXPECT_EQ(paths.workloadMap(), "/pins/workload");
  EXPECT_EQ(paths.schema().parent_path(), "/pins");
}

TEST(Bpffs, AnotherFileSystemIsRefusedWithAHint) {
  const auto checked = checkBpffs("/proc/not/there");
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code(), Error::Code::kUnsupported);
  EXPECT_THAT(checked.error().hint(), ::testing::HasSubstr("mount -t bpf"));
}

}  // namespace
}  // namespace sluice::loader
