// SPDX-License-Identifier: Apache-2.0
#include "tests/support/place.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "tests/support/files.h"
#include "userspace/base/fd.h"

namespace sluice::test {
namespace {

Result<void> enterNetwork(const std::string& file) {
  Fd network(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!network) return Error::system("open network namespace " + file);
  if (setns(network.get(), CLONE_NEWNET) != 0) return Error::system("enter " + file);
  return {};
}

Result<void> showHosts(const std::string& file) {
  if (unshare(CLONE_NEWNS) != 0) return Error::system("make a mount namespace");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return Error::system("keep mounts private");
  if (mount(file.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) != 0)
    return Error::system("mount " + file + " over /etc/hosts");
  return {};
}

}  // namespace

Result<void> Place::enter() const {
  // "0" is the writer itself. The cgroup first: sockets belong to the cgroup that made them.
  SLUICE_TRY(writeFile(cgroup_directory + "/cgroup.procs", "0"));
  SLUICE_TRY(enterNetwork(network_namespace));
  return showHosts(hosts_file);
}

}  // namespace sluice::test
