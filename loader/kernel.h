// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "loader/capacity.h"
#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/model/connection_store.h"
#include "userspace/model/data_plane.h"
#include "userspace/model/ids.h"
#include "userspace/model/neighbour.h"
#include "userspace/model/schema.h"

namespace sluice::loader {

struct Options {
  /// On a bpffs. One process at a time.
  std::string pin_root = "/sys/fs/bpf/sluice";
  /// False: refuse connections as on kernels before 5.18, which cannot choose an error.
  bool use_set_retval = true;
  /// Another one only where a test is two versions.
  uint32_t schema = kSchema;
  /// Of maps that are not pinned yet.
  Capacity capacity = {};
};

/// The loaded programs, their maps and their attachments. What is pinned outlives this object
/// and the process: connections go on, and the next load() takes over without a gap. Where its
/// tables have another schema, the old programs steer by the old tables until the new ones have
/// what they need: see takeOver().
///
/// Needs CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and, for the pins, write access to the bpffs.
class Kernel {
 public:
  /// Loads the programs with the maps that are pinned already, whatever their capacity, or new
  /// ones, and swaps them into all pinned links of this schema, or into none of them. Attachments
  /// of cgroups that are gone are removed.
  ///
  /// kUnsupported: no bpffs, or pinned maps or links of another layout. kUnavailable: another
  /// process has the pins. A refused program's error ends with the verifier's last lines.
  ///
  /// `lock`: of the pins, from the process that hands them over; it must not change them any more.
  static Result<std::unique_ptr<Kernel>> load(const Options& options, Fd lock = {});

  /// Detaches and removes everything under `pin_root`, of every version.
  static Result<void> uninstall(const std::string& pin_root);

  ~Kernel();

  /// Attaches all programs to a cgroup2 directory, or none of them. Does nothing when they are
  /// attached there. Nothing is steered before `workloads[workload]` is written.
  Result<void> attach(WorkloadId workload, int cgroup_fd);

  /// Whether it is attached to that cgroup, by this process or one before it, of whatever schema.
  bool isAttached(WorkloadId workload, int cgroup_fd) const;

  /// New connections are left alone from here on; those that are open lose getpeername() of the
  /// original address and are no longer counted. Does nothing when nothing is attached.
  Result<void> detach(WorkloadId workload);

  /// Those that another schema's programs steer included.
  std::vector<WorkloadId> attached() const;

  /// Programs of others that meet ours on this cgroup, or would, were ours attached to it.
  Neighbours neighbours(int cgroup_fd) const;

  /// Of the workloads that were attached and are still steered by a version of another schema:
  /// those whose record `workloads` has by now are steered by this one from here on. When there
  /// are no others the old tables are removed. To be called again and again, as long as
  /// isTakingOver(). A failure is that of one workload, whose old programs steer on.
  Result<void> takeOver();
  bool isTakingOver() const;

  /// The lock of the pins, borrowed; -1 after releaseLock(). Whoever has a duplicate has it, too.
  int lock() const;
  /// From here on the pins are those of the process that has a duplicate.
  void releaseLock();
  /// Another process had the pins and has ended: this object's programs steer again. As load().
  Result<void> takeBack();

  /// Lives as long as this object.
  DataPlane& dataPlane();

  /// In the order of maps/abi/tables.def; borrowed. For MapDataPlane::create in another process.
  std::vector<int> mapFds() const;

  /// The ring of what the programs tell; borrowed. For EventRing::open in another process.
  int events() const;

  /// No table: the kernel alone writes it. Lives as long as this object.
  ConnectionStore connectionStore() const;

 private:
  struct State;
  explicit Kernel(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace sluice::loader
