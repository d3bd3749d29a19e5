// SPDX-License-Identifier: Apache-2.0
#include "tests/support/place.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace sluice::test {
namespace {

Result<Fd> openFile(const std::string& path, int flags) {
  Fd file(open(path.c_str(), flags | O_CLOEXEC));
  if (!file) return Error::system("open " + path);
  return file;
}

}  // namespace

Result<Entrance> Entrance::of(const Place& place) {
  auto cgroup_procs = openFile(place.cgroup_directory + "/cgroup.procs", O_WRONLY);
  if (!cgroup_procs) return std::move(cgroup_procs).error();
  auto network = openFile(place.network_namespace, O_RDONLY);
  if (!network) return std::move(network).error();
  return Entrance(*std::move(cgroup_procs), *std::move(network), place.hosts_file);
}

const char* Entrance::take() const {
  // "0" is the writer itself. The cgroup first: sockets belong to the cgroup that made them.
  if (write(cgroup_procs_.get(), "0", 1) != 1) return "enter the cgroup";
  if (setns(network_.get(), CLONE_NEWNET) != 0) return "enter the network namespace";
  if (unshare(CLONE_NEWNS) != 0) return "make a mount namespace";
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return "keep mounts private";
  if (mount(hosts_file_.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) != 0)
    return "mount a file over /etc/hosts";
  return nullptr;
}

Result<void> Place::enter() const {
  const auto entrance = Entrance::of(*this);
  if (!entrance) return entrance.error();
  if (const char* failed = entrance->take()) return Error::system(name + ": " + failed);
  return {};
}

}  // namespace sluice::test
