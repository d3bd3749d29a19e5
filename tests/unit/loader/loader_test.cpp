// SPDX-License-Identifier: Apache-2.0
// What the loader does without the kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/libbpf_log.h"
#include "loader/pins.h"

namespace sluice::loader {
namespace {

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
