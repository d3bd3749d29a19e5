// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "maps/abi/limits.h"
#include "userspace/broker/attachments.h"
#include "userspace/broker/cgroups.h"
#include "userspace/broker/listeners.h"
#include "userspace/broker/network_namespace.h"
#include "userspace/model/broker.h"

namespace sluice::broker {

/// What each workload has: its programs and its listeners. Outlives every agent.
class Enrolments {
 public:
  /// Where a workload's programs are, or were: its cgroup's directory, open, and its namespace.
  struct Place {
    Fd cgroup;
    NetworkNamespace network_namespace;
  };
  struct Events {
    /// The programs are about to come to a cgroup in which they were not.
    std::function<void(WorkloadId, int cgroup, const NetworkNamespace&)> attaching =
        [](WorkloadId, int, const NetworkNamespace&) {};
    /// They have gone from there.
    std::function<void(WorkloadId, Place)> detached = [](WorkloadId, const Place&) {};
  };

  /// Borrows all. `capacity`: the most workloads at one time.
  Enrolments(const Cgroups& cgroups, const NamespaceVisitor& visitor, Attachments& attachments,
             size_t capacity = SLUICE_MAX_WORKLOADS)
      : cgroups_(cgroups), visitor_(visitor), attachments_(attachments), capacity_(capacity) {}

  /// Not of workloads that an earlier process attached and this one never enrolled: nobody knows
  /// their namespace.
  void follow(Events events) { events_ = std::move(events); }

  /// As Workloads::enroll(). The same cgroup and namespace (the same files, whatever their paths)
  /// give the same listeners, with whatever waits in their backlogs; others replace them.
  /// kExhausted: as many workloads as there may be. kInvalid: the cgroup is another workload's.
  Result<Enrolled> enroll(const Enrolment& enrolment);

  /// A workload that is enrolled later, in the same network namespace, gets those instead of fresh
  /// ones, with whatever waits in their backlogs.
  void inherit(WorkloadId workload, InheritedListeners inherited) {
    inherited_.insert_or_assign(workload, std::move(inherited));
  }

  /// Duplicates of what each workload has: what the next sluiced inherits.
  Result<std::map<WorkloadId, InheritedListeners>> bequest() const;

  /// Another sluiced accepts for the workloads, which stay enrolled.
  void closeListeners() {
    for (auto& [workload, entry] : entries_) entry.listeners = {};
  }

  /// As Workloads::keepOnly(). Goes on after a failure, and then answers the first one. After
  /// holdReleases() it does nothing but remember what was asked last, for releaseHeld().
  Result<void> keepOnly(const std::vector<WorkloadId>& workloads);

  /// The place is another's still, and with it the workloads that this one does not have.
  void holdReleases() { holding_ = true; }
  Result<void> releaseHeld();

  /// Runs `action` in the network namespace of each workload, once in those that several share.
  /// Goes on after a failure, and then answers the first one.
  Result<void> inEachNamespace(const std::function<Result<void>()>& action) const;

  std::vector<WorkloadId> workloads() const;

  /// Descriptor of its cgroup's directory, borrowed; -1 when the workload is not enrolled.
  int cgroupOf(WorkloadId workload) const;

  /// Null when the workload is not enrolled. Valid until the next enroll() or keepOnly().
  const NetworkNamespace* namespaceOf(WorkloadId workload) const;

 private:
  struct Entry {
    Fd cgroup;  ///< open so that the identity stays its own
    FileIdentity cgroup_identity;
    NetworkNamespace network_namespace;
    Listeners listeners;
  };

  Result<Entry> locate(const Enrolment& enrolment) const;
  Result<void> admit(WorkloadId workload, const Entry& entry) const;
  Neighbours neighboursOf(const Entry& entry) const;
  Result<Enrolled> leaveAlone(WorkloadId workload, Entry entry, Neighbours neighbours);
  Result<void> attach(WorkloadId workload, Entry& entry);
  void release(WorkloadId workload);
  Result<void> openListeners(WorkloadId workload, Entry* old, Entry& entry);
  Result<Enrolled> answer(const Entry& entry, Neighbours neighbours) const;

  const Cgroups& cgroups_;
  const NamespaceVisitor& visitor_;
  Attachments& attachments_;
  size_t capacity_;
  Events events_;
  std::map<WorkloadId, Entry> entries_;
  std::map<WorkloadId, InheritedListeners> inherited_;  ///< of workloads not enrolled yet
  bool holding_ = false;
  std::optional<std::vector<WorkloadId>> held_;  ///< what the last keepOnly() of that time asked
};

}  // namespace sluice::broker
