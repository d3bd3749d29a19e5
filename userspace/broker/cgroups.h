// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::broker {

/// The cgroup2 hierarchy, wherever it is mounted.
class Cgroups {
 public:
  /// kUnsupported: it is not mounted.
  static Result<Cgroups> find();

  /// The directory of `path`, which is below the mount ("/kubepods/pod1"). Follows no symlink and
  /// leaves the hierarchy by no way. Refuses cgroups that hold this process, since its sockets
  /// must never meet the programs.
  Result<Fd> open(const std::string& path) const;

  const std::string& mountPoint() const { return mount_point_; }

 private:
  Cgroups(std::string mount_point, Fd root)
      : mount_point_(std::move(mount_point)), root_(std::move(root)) {}

  std::string mount_point_;
  Fd root_;
};

/// The kernel's ids (inodes) of a cgroup and of all below it. `cgroup`: its directory, open.
std::set<uint64_t> cgroupIdsBelow(int cgroup);

}  // namespace sluice::broker
