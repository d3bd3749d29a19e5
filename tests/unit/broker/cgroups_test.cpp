// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/cgroups.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <fstream>

#include "tests/unit/broker/support.h"

namespace sluice::broker {
namespace {

TEST(Cgroups, OpensTheDirectoryBelowTheMount) {
  SLUICE_NEEDS_ROOT();
  const TestCgroup cgroup;
  const auto cgroups = *Cgroups::find();
  const Fd expected(::open(cgroup.directory().c_str(), O_RDONLY | O_CLOEXEC));
  for (const std::string& path :
       {cgroup.path(), cgroup.path().substr(1), "/" + cgroup.path(), "/." + cgroup.path() + "//"}) {
    const auto opened = cgroups.open(path);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    EXPECT_EQ(*FileIdentity::of(opened->get()), *FileIdentity::of(expected.get()));
  }
}

TEST(Cgroups, NothingOutsideTheHierarchyIsOpened) {
  SLUICE_NEEDS_ROOT();
  const TestCgroup cgroup;
  const auto cgroups = *Cgroups::find();
  EXPECT_EQ(cgroups.open("/../../../etc").error().errnum(), EXDEV);
  EXPECT_EQ(cgroups.open(cgroup.path() + "/cgroup.procs").error().errnum(), ENOTDIR);
  EXPECT_EQ(cgroups.open("/no such cgroup").error().code(), Error::Code::kNotFound);
}

// Moves a child of this process into a cgroup, which then tries to open that cgroup.
TEST(Cgroups, CgroupsThatHoldTheCallerAreRefused) {
  SLUICE_NEEDS_ROOT();
  const TestCgroup cgroup;
  const pid_t child = ::fork();
  if (child == 0) {
    std::ofstream(cgroup.directory() / "cgroup.procs") << ::getpid() << std::flush;
    const auto cgroups = *Cgroups::find();
    const auto refused = [&](const std::string& path) {
      const auto opened = cgroups.open(path);
      return !opened.ok() && opened.error().code() == Error::Code::kPermission;
    };
    ::_exit(refused(cgroup.path()) && refused("/./" + cgroup.path() + "/") ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(Cgroups::find()->open("/").ok());
}

}  // namespace
}  // namespace sluice::broker
