// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/model/address.h"

namespace sluice::test {

/// Where the programs of one host of a lab run: a network namespace, a cgroup, an /etc/hosts.
struct Place {
  std::string name;
  std::string network_namespace;  ///< file of the namespace
  std::string cgroup;             ///< below the cgroup2 mount, "/sluice-7-0/web"
  std::string cgroup_directory;   ///< the same cgroup, as a path
  std::string hosts_file;         ///< what this place sees as /etc/hosts
  IpAddress address4, address6;

  /// Moves the calling process there, for good; it must have a single thread. Mounts that the
  /// machine makes later are still seen, what the process mounts stays its own.
  Result<void> enter() const;
};

/// The way into a place, with everything opened: a child of a process with several threads may not
/// allocate before it calls exec, as another thread may have held the allocator's lock at the fork.
class Entrance {
 public:
  static Result<Entrance> of(const Place& place);

  /// As Place::enter(), without allocating: null, or what has failed, and errno why.
  const char* take() const;

 private:
  Entrance(Fd cgroup_procs, Fd network, std::string hosts_file)
      : cgroup_procs_(std::move(cgroup_procs)),
        network_(std::move(network)),
        hosts_file_(std::move(hosts_file)) {}

  Fd cgroup_procs_, network_;
  std::string hosts_file_;
};

}  // namespace sluice::test
