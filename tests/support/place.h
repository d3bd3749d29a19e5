// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

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

}  // namespace sluice::test
