// SPDX-License-Identifier: Apache-2.0
#include "loader/cgroup.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace sluice::loader {

Result<uint64_t> cgroupId(int cgroup_fd) {
  struct statfs fs{};
  if (::fstatfs(cgroup_fd, &fs) != 0) return Error::system("fstatfs of the cgroup");
  if (fs.f_type != CGROUP2_SUPER_MAGIC) {
    return Error(Error::Code::kInvalid, "the directory is no cgroup of the cgroup2 hierarchy");
  }
  struct stat info{};
  if (::fstat(cgroup_fd, &info) != 0) return Error::system("fstat of the cgroup");
  return info.st_ino;
}

}  // namespace sluice::loader
