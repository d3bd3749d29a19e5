// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/enrolments.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "userspace/base/duplicate.h"
#include "userspace/base/log.h"
#include "userspace/broker/neighbours.h"

namespace sluice::broker {

namespace {

/// Empty where there is none.
Result<Fd> copyOf(const Fd& listener) {
  return listener ? duplicate(listener.get(), "a listener") : Fd();
}

Result<Listeners> copyOf(const Listeners& listeners) {
  auto listener4 = copyOf(listeners.listener4);
  if (!listener4.ok()) return std::move(listener4).error();
  auto listener6 = copyOf(listeners.listener6);
  if (!listener6.ok()) return std::move(listener6).error();
  auto alive = copyOf(listeners.alive);
  if (!alive.ok()) return std::move(alive).error();
  return Listeners{*std::move(listener4),    *std::move(listener6),    *std::move(alive),
                   listeners.listener4_port, listeners.listener6_port, listeners.alive_port,
                   listeners.netns_cookie};
}

}  // namespace

Result<Enrolled> Enrolments::enroll(const Enrolment& enrolment) {
  const auto workload = enrolment.workload;
  auto entry = locate(enrolment);
  if (!entry.ok()) return std::move(entry).error();
  SLUICE_TRY(admit(workload, *entry));
  auto neighbours = neighboursOf(*entry);
  if (keepsAway(neighbours)) return leaveAlone(workload, *std::move(entry), std::move(neighbours));
  const auto found = entries_.find(workload);
  Entry* old = found == entries_.end() ? nullptr : &found->second;
  SLUICE_TRY(openListeners(workload, old, *entry));
  SLUICE_TRY(attach(workload, *entry));
  return answer(entries_.insert_or_assign(workload, *std::move(entry)).first->second,
                std::move(neighbours));
}

Neighbours Enrolments::neighboursOf(const Entry& entry) const {
  auto found = attachments_.neighbours(entry.cgroup.get());
  addProcesses(entry.cgroup.get(), found);
  const auto ports = visitor_.visit(entry.network_namespace, &listeningPorts);
  if (ports.ok())
    addListeners(*ports, found);
  else
    log::warn("look for listeners of other meshes: {}", ports.error().message());
  return found;
}

/// Also a workload that was enrolled before its neighbour came, by this process or the one before.
Result<Enrolled> Enrolments::leaveAlone(WorkloadId workload, Entry entry, Neighbours neighbours) {
  const bool inherited =
      !entries_.contains(workload) && attachments_.isAttached(workload, entry.cgroup.get());
  SLUICE_TRY(attachments_.detach(workload));
  release(workload);
  if (inherited)
    events_.detached(workload, {std::move(entry.cgroup), std::move(entry.network_namespace)});
  Enrolled nothing;
  nothing.neighbours = std::move(neighbours);
  return nothing;
}

/// In another cgroup than before, or in none when that fails. Of a workload without an entry the
/// programs may be there nevertheless, from an earlier process.
Result<void> Enrolments::attach(WorkloadId workload, Entry& entry) {
  const auto old = entries_.find(workload);
  const bool known = old != entries_.end();
  const bool here = known ? old->second.cgroup_identity == entry.cgroup_identity
                          : attachments_.isAttached(workload, entry.cgroup.get());
  if (!here) events_.attaching(workload, entry.cgroup.get(), entry.network_namespace);
  auto attached = attachments_.attach(workload, entry.cgroup.get());
  if (attached && here) return {};
  release(workload);
  if (!attached && !(known && here))
    events_.detached(workload, {std::move(entry.cgroup), std::move(entry.network_namespace)});
  return attached;
}

/// After its programs have gone from where they were.
void Enrolments::release(WorkloadId workload) {
  auto entry = entries_.extract(workload);
  if (entry.empty()) return;
  auto& [cgroup, identity, network_namespace, listeners] = entry.mapped();
  listeners = {};
  events_.detached(workload, {std::move(cgroup), std::move(network_namespace)});
}

Result<Enrolments::Entry> Enrolments::locate(const Enrolment& enrolment) const {
  auto cgroup = cgroups_.open(enrolment.cgroup);
  if (!cgroup.ok()) return std::move(cgroup).error();
  auto identity = FileIdentity::of(cgroup->get());
  if (!identity.ok()) return std::move(identity).error();
  auto network_namespace = NetworkNamespace::open(enrolment.network_namespace);
  if (!network_namespace.ok()) return std::move(network_namespace).error();
  return Entry{*std::move(cgroup), *identity, *std::move(network_namespace), {}};
}

Result<void> Enrolments::admit(WorkloadId workload, const Entry& entry) const {
  for (const auto& [other, taken] : entries_) {
    // Both attachments would run, and the second would steer what the first has steered already.
    if (other != workload && taken.cgroup_identity == entry.cgroup_identity) {
      return Error(Error::Code::kInvalid, "another workload has that cgroup",
                   "let each cgroup belong to one Workload");
    }
  }
  if (!entries_.contains(workload) && entries_.size() >= capacity_) {
    return Error(Error::Code::kExhausted, fmt::format("{} workloads are enrolled", capacity_));
  }
  return {};
}

Result<void> Enrolments::openListeners(WorkloadId workload, Entry* old, Entry& entry) {
  auto inherited = inherited_.extract(workload);
  const auto& here = entry.network_namespace.identity();
  if (!inherited.empty() && inherited.mapped().network_namespace == here) {
    entry.listeners = std::move(inherited.mapped().listeners);
    return visitor_.visit(entry.network_namespace, [&] { return entry.listeners.addV6(); });
  }
  if (old == nullptr || old->network_namespace.identity() != entry.network_namespace.identity()) {
    auto opened = visitor_.visit(entry.network_namespace, &Listeners::open);
    if (!opened.ok()) return std::move(opened).error();
    entry.listeners = *std::move(opened);
    return {};
  }
  SLUICE_TRY(visitor_.visit(entry.network_namespace, [&] { return old->listeners.addV6(); }));
  entry.listeners = std::move(old->listeners);
  return {};
}

Result<Enrolled> Enrolments::answer(const Entry& entry, Neighbours neighbours) const {
  auto listener4 = copyOf(entry.listeners.listener4);
  if (!listener4.ok()) return std::move(listener4).error();
  auto listener6 = copyOf(entry.listeners.listener6);
  if (!listener6.ok()) return std::move(listener6).error();
  auto addresses = visitor_.visit(entry.network_namespace, &OwnAddresses::find);
  if (!addresses.ok()) return std::move(addresses).error();
  const auto& listeners = entry.listeners;
  return Enrolled{*std::move(listener4),
                  *std::move(listener6),
                  listeners.listener4_port,
                  listeners.listener6_port,
                  listeners.alive_port,
                  listeners.netns_cookie,
                  addresses->v4,
                  addresses->v6,
                  std::move(neighbours)};
}

Result<std::map<WorkloadId, InheritedListeners>> Enrolments::bequest() const {
  std::map<WorkloadId, InheritedListeners> all;
  for (const auto& [workload, entry] : entries_) {
    auto copies = copyOf(entry.listeners);
    if (!copies.ok()) return std::move(copies).error();
    all.emplace(workload,
                InheritedListeners{entry.network_namespace.identity(), *std::move(copies)});
  }
  return all;
}

Result<void> Enrolments::releaseHeld() {
  holding_ = false;
  const auto asked = std::exchange(held_, std::nullopt);
  return asked ? keepOnly(*asked) : Result<void>();
}

Result<void> Enrolments::keepOnly(const std::vector<WorkloadId>& workloads) {
  if (holding_) {
    held_ = workloads;
    return {};
  }
  const std::set<WorkloadId> kept(workloads.begin(), workloads.end());
  std::erase_if(inherited_, [&](const auto& each) { return !kept.contains(each.first); });
  std::set<WorkloadId> gone;
  for (const auto& [workload, entry] : entries_) gone.insert(workload);
  for (const auto workload : attachments_.attached()) gone.insert(workload);
  Result<void> outcome;
  for (const auto workload : gone) {
    if (kept.contains(workload)) continue;
    auto detached = attachments_.detach(workload);
    if (detached.ok()) {
      release(workload);
    } else if (outcome.ok()) {
      outcome = std::move(detached).error();
    }
  }
  return outcome;
}

Result<void> Enrolments::inEachNamespace(const std::function<Result<void>()>& action) const {
  std::map<FileIdentity, const NetworkNamespace*> namespaces;
  for (const auto& [workload, entry] : entries_)
    namespaces.emplace(entry.network_namespace.identity(), &entry.network_namespace);
  Result<void> outcome;
  for (const auto& [identity, there] : namespaces) {
    auto done = visitor_.visit(*there, action);
    if (!done.ok() && outcome.ok()) outcome = std::move(done);
  }
  return outcome;
}

std::vector<WorkloadId> Enrolments::workloads() const {
  std::vector<WorkloadId> ids;
  ids.reserve(entries_.size());
  for (const auto& [workload, entry] : entries_) ids.push_back(workload);
  return ids;
}

int Enrolments::cgroupOf(WorkloadId workload) const {
  const auto found = entries_.find(workload);
  return found == entries_.end() ? -1 : found->second.cgroup.get();
}

const NetworkNamespace* Enrolments::namespaceOf(WorkloadId workload) const {
  const auto found = entries_.find(workload);
  return found == entries_.end() ? nullptr : &found->second.network_namespace;
}

}  // namespace sluice::broker
