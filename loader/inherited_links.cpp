// SPDX-License-Identifier: Apache-2.0
// The links that a version of another schema has left. Its programs go on steering by its tables
// until this one's can.
#include <bpf/bpf.h>

#include <algorithm>

#include "loader/link_info.h"
#include "loader/links.h"
#include "userspace/base/duplicate.h"
#include "userspace/base/log.h"

namespace sluice::loader {

namespace fs = std::filesystem;

namespace {

Result<void> move(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return Error::system("move " + from.string());
}

}  // namespace

std::vector<PinPaths> Links::inheritance(WorkloadId workload) const {
  auto others = paths_.others();
  std::erase_if(others, [&](const PinPaths& other) {
    std::error_code ignored;
    return !fs::exists(other.links(workload), ignored);
  });
  return others;
}

bool Links::isInherited(WorkloadId workload) const { return !inheritance(workload).empty(); }

/// Where the pin of a hook is: with us when an earlier process got as far as moving it.
fs::path Links::inheritedPin(WorkloadId workload, const PinPaths& other, const Hook& hook) const {
  const auto ours = paths_.links(workload) / hook.name;
  std::error_code ignored;
  return fs::exists(ours, ignored) ? ours : other.links(workload) / hook.name;
}

bool Links::isInheritedFrom(WorkloadId workload, uint64_t cgroup) const {
  const auto others = inheritance(workload);
  if (others.empty()) return false;
  return std::ranges::all_of(kHooks, [&](const Hook& hook) {
    const Fd link(bpf_obj_get(inheritedPin(workload, others.front(), hook).c_str()));
    if (!link) return errno == ENOENT;  // a hook that the other version does not have
    const auto info = linkInfo(link.get());
    return info.ok() && info->cgroup.cgroup_id == cgroup;
  });
}

Result<void> Links::takeOverLater(WorkloadId workload, int cgroup_fd) {
  auto copy = duplicate(cgroup_fd, "a cgroup's descriptor");
  if (!copy) return std::move(copy).error();
  waiting_.insert_or_assign(workload, *std::move(copy));
  return {};
}

/// Our directory is there from the moment on that its hooks are taken over.
std::vector<WorkloadId> Links::steeredByOthers() const {
  auto ids = attached();
  std::erase_if(ids, [&](WorkloadId workload) {
    std::error_code ignored;
    return fs::exists(paths_.links(workload), ignored);
  });
  return ids;
}

std::vector<WorkloadId> Links::waiting() const {
  std::vector<WorkloadId> ids;
  for (const auto& [id, cgroup] : waiting_) ids.push_back(id);
  return ids;
}

Result<void> Links::takeOver(WorkloadId workload) {
  const auto found = waiting_.find(workload);
  if (found == waiting_.end()) return {};
  const Fd cgroup = std::move(found->second);
  waiting_.erase(found);
  const auto others = inheritance(workload);
  if (others.empty()) return {};
  SLUICE_TRY(makeDirectory(paths_.links(workload)));
  SLUICE_TRY(swapInherited(workload, others.front(), cgroup.get()));
  SLUICE_TRY(moveInherited(workload, others.front()));
  for (const auto& other : others) SLUICE_TRY(removePins(other.links(workload)));
  return {};
}

/// All or nothing.
Result<void> Links::swapInherited(WorkloadId workload, const PinPaths& other, int cgroup_fd) {
  for (const auto& hook : kHooks) {
    const Fd link(bpf_obj_get(inheritedPin(workload, other, hook).c_str()));
    if (link) SLUICE_TRY(checkStorage(link.get(), storage_map_));
  }
  ProgramSwap swap;
  std::vector<fs::path> attached;  // hooks that the other version does not have
  Result<void> done;
  for (size_t i = 0; i < kHooks.size() && done; ++i) {
    const auto pin = inheritedPin(workload, other, kHooks[i]);
    std::error_code ignored;
    if (fs::exists(pin, ignored)) {
      done = swap.replace(pin, programs_[i]);
    } else {
      attached.push_back(paths_.links(workload) / kHooks[i].name);
      done = attachHook(i, workload, cgroup_fd);
    }
  }
  if (done) return {};
  swap.undo();
  for (const auto& pin : attached) SLUICE_TRY(removePins(pin));
  return done;
}

/// A process that ends in between leaves links that run our programs, some here and some there:
/// isInherited(), and the next one goes on here.
Result<void> Links::moveInherited(WorkloadId workload, const PinPaths& other) {
  for (const auto& hook : kHooks) {
    const auto ours = paths_.links(workload) / hook.name;
    const auto pin = inheritedPin(workload, other, hook);
    if (pin != ours) SLUICE_TRY(move(pin, ours));
  }
  return {};
}

/// Whether there is nothing left to take over: its cgroup is gone.
bool Links::isGoneFrom(WorkloadId workload, const PinPaths& other) const {
  return std::ranges::all_of(kHooks, [&](const Hook& hook) {
    const Fd link(bpf_obj_get(inheritedPin(workload, other, hook).c_str()));
    return link ? isGone(link.get()) : errno == ENOENT;
  });
}

Result<void> Links::removeForgotten() {
  for (const auto& other : paths_.others()) {
    for (const auto workload : other.workloads())
      if (isGoneFrom(workload, other)) SLUICE_TRY(removePins(other.links(workload)));
    if (other.workloads().empty()) SLUICE_TRY(removePins(other.schema()));
  }
  return {};
}

}  // namespace sluice::loader
