// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/cgroup2.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Cgroup2Mount, IsFoundByItsType) {
  EXPECT_EQ(*cgroup2MountIn("30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"),
            "/sys/fs/cgroup");
}

TEST(Cgroup2Mount, IsFoundAmongTheOldOnes) {
  EXPECT_EQ(*cgroup2MountIn("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                            "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                            "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"),
            "/sys/fs/cgroup/unified");
}

TEST(Cgroup2Mount, PartsOfTheHierarchyDoNotCount) {
  const auto part = cgroup2MountIn("30 23 0:26 /kubepods /pods rw - cgroup2 cgroup2 rw\n");
  ASSERT_FALSE(part.ok());
  EXPECT_EQ(part.error().code(), Error::Code::kUnsupported);
  EXPECT_EQ(part.error().message(), "no cgroup2 hierarchy is mounted");
}

TEST(Cgroup2Mount, Version1AloneIsSaidByItsNameWithTheRemedy) {
  const auto missing = cgroup2MountIn(
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message(), "SLU5010: cgroups are mounted in version 1 alone");
  EXPECT_NE(missing.error().hint().find("systemd.unified_cgroup_hierarchy=1"), std::string::npos);
}

TEST(Cgroup2Mount, UnescapesThePath) {
  EXPECT_EQ(*cgroup2MountIn("30 23 0:26 / /a\\040b rw - cgroup2 cgroup2 rw\n"), "/a b");
}

}  // namespace
}  // namespace sluice
