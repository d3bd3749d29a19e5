// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "loader/probe.h"
#include "tests/bpf/kernel_test.h"
#include "userspace/model/cgroup2.h"

namespace sluice::test {
namespace {

using ProbeKernel = KernelTest;
using loader::Probe;

TEST_F(ProbeKernel, EverythingThatTheOtherTestsUseIsThere) {
  for (const auto& probe : loader::probe(pins_)) {
    EXPECT_NE(probe.status, Probe::Status::kFail) << probe.name << ": " << probe.detail << "\n"
                                                  << probe.hint;
  }
}

TEST_F(ProbeKernel, LeavesNoCgroupBehind) {
  loader::probe(pins_);
  const auto own = "sluice-probe-" + std::to_string(::getpid());
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(*findCgroup2Mount()) / own));
}

TEST_F(ProbeKernel, MissingBpffsFailsWithAHint) {
  for (const auto& probe : loader::probe("/tmp/nowhere")) {
    if (probe.name != "bpffs") continue;
    EXPECT_EQ(probe.status, Probe::Status::kFail);
    EXPECT_EQ(probe.hint, "mount -t bpf bpf /sys/fs/bpf");
  }
}

}  // namespace
}  // namespace sluice::test
