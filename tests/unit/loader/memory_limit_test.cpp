// SPDX-License-Identifier: Apache-2.0
#include "loader/memory_limit.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::loader {
namespace {

namespace fs = std::filesystem;

class MemoryLimitTest : public testing::Test {
 protected:
  ~MemoryLimitTest() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }

  uint64_t limit(const std::string& cgroups) const {
    return memoryLimit(cgroups, {(root_ / "v2").string(), (root_ / "v1").string()});
  }

  const fs::path root_ =
      fs::path(testing::TempDir()) / ("memory-limit-" + std::to_string(::getpid()));
};

TEST_F(MemoryLimitTest, TheLeastOfItsOwnAndThoseAboveCounts) {
  write("v2/pods/a/memory.max", "max");
  EXPECT_EQ(limit("0::/pods/a\n"), UINT64_MAX);
  write("v2/pods/memory.max", "2000");
  EXPECT_EQ(limit("0::/pods/a\n"), 2000U);
  write("v2/pods/a/memory.max", "1000");
  EXPECT_EQ(limit("0::/pods/a\n"), 1000U);
  write("v2/pods/a/memory.max", "3000");
  EXPECT_EQ(limit("0::/pods/a\n"), 2000U);
  EXPECT_EQ(limit("0::/other\n"), UINT64_MAX);
}

TEST_F(MemoryLimitTest, InANamespaceOfItsOwnTheMountIsTheCgroup) {
  write("v2/memory.max", "1000");
  EXPECT_EQ(limit("0::/\n"), 1000U);
  EXPECT_EQ(limit("0::/../../elsewhere\n"), 1000U);
}

TEST_F(MemoryLimitTest, OfVersion1TheKernelHasTheLeast) {
  write("v1/pods/memory.stat", "cache 5\nhierarchical_memory_limit 4000\ntotal_cache 5");
  write("v1/memory.stat", "cache 5\nhierarchical_memory_limit 9000");
  const std::string rest = "2:cpu,cpuacct:/x\n0::/\n";
  EXPECT_EQ(limit("4:memory:/pods\n" + rest), 4000U);
  EXPECT_EQ(limit("4:hugetlb,memory:/not/seen\n" + rest), 9000U);
  EXPECT_EQ(limit(rest), UINT64_MAX);
}

TEST_F(MemoryLimitTest, NothingIsKnownWithoutMounts) {
  EXPECT_EQ(memoryLimit("0::/\n4:memory:/\n", {}), UINT64_MAX);
  EXPECT_EQ(limit(""), UINT64_MAX);
}

}  // namespace
}  // namespace sluice::loader
