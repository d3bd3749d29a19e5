// SPDX-License-Identifier: Apache-2.0
#include "loader/links.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "loader/cgroup.h"
#include "loader/link_info.h"
#include "maps/abi/types.h"
#include "userspace/base/log.h"

namespace sluice::loader {

namespace fs = std::filesystem;

namespace {

Fd openPin(const fs::path& path) { return Fd(bpf_obj_get(path.c_str())); }

/// The cgroup that the link at `pin` is attached to; 0: none any more, or there is no link.
uint64_t cgroupOf(const fs::path& pin) {
  const Fd link = openPin(pin);
  if (!link) return 0;
  const auto info = linkInfo(link.get());
  return info.ok() ? info->cgroup.cgroup_id : 0;
}

}  // namespace

Links::Links(PinPaths paths, ProgramFds programs, int storage_map)
    : paths_(std::move(paths)), programs_(programs), storage_map_(storage_map) {}

// --- of this schema ----------------------------------------------------------------------------

Result<void> Links::adopt() {
  std::vector<WorkloadId> adopted;
  for (const auto workload : paths_.workloads()) {
    if (isInherited(workload)) continue;
    auto usable = isUsable(workload);
    if (!usable) return std::move(usable).error().in(paths_.links(workload).string());
    if (*usable)
      adopted.push_back(workload);
    else
      SLUICE_TRY(detach(workload));
  }
  ProgramSwap swap;
  for (const auto workload : adopted)
    if (auto done = swapAll(workload, swap); !done) {
      swap.undo();
      return std::move(done).error().in(paths_.links(workload).string());
    }
  return {};
}

/// Whether all links are there and their cgroup is; fails when they may not be given our programs.
Result<bool> Links::isUsable(WorkloadId workload) const {
  for (const auto& hook : kHooks) {
    const Fd link = openPin(paths_.links(workload) / hook.name);
    if (!link || isGone(link.get())) return false;
    SLUICE_TRY(checkStorage(link.get(), storage_map_));
  }
  return true;
}

Result<void> Links::swapAll(WorkloadId workload, ProgramSwap& swap) {
  for (size_t i = 0; i < kHooks.size(); ++i) {
    auto done = swap.replace(paths_.links(workload) / kHooks[i].name, programs_[i]);
    if (!done && done.error().code() == Error::Code::kNotFound) return detach(workload);
    if (!done) return done;
  }
  return {};
}

bool Links::isAttachedTo(WorkloadId workload, uint64_t cgroup) const {
  return std::ranges::all_of(kHooks, [&](const Hook& hook) {
    return cgroupOf(paths_.links(workload) / hook.name) == cgroup;
  });
}

Result<void> Links::attach(WorkloadId workload, int cgroup_fd) {
  const auto cgroup = cgroupId(cgroup_fd);
  if (!cgroup) return cgroup.error();
  if (isInheritedFrom(workload, *cgroup)) return takeOverLater(workload, cgroup_fd);
  if (isAttachedTo(workload, *cgroup)) return {};
  SLUICE_TRY(detach(workload));
  auto attached = attachHooks(workload, cgroup_fd, *cgroup);
  if (attached) return {};
  if (auto undone = detach(workload); !undone) {
    log::warn("{}: {}", paths_.links(workload).string(), undone.error().message());
  }
  return attached;
}

bool Links::isAttached(WorkloadId workload, int cgroup_fd) const {
  const auto cgroup = cgroupId(cgroup_fd);
  return cgroup && (isInheritedFrom(workload, *cgroup) || isAttachedTo(workload, *cgroup));
}

Result<void> Links::attachHooks(WorkloadId workload, int cgroup_fd, uint64_t cgroup) {
  SLUICE_TRY(makeDirectory(paths_.links(workload)));
  const workload_ref ref{workload.value};
  for (size_t i = 0; i < kHooks.size(); ++i) {
    SLUICE_TRY(attachHook(i, workload, cgroup_fd));
    // The storage exists from the first attachment on, not before.
    if (i == 0 && bpf_map_update_elem(storage_map_, &cgroup, &ref, BPF_EXIST) != 0) {
      return Error::system("write the workload id into the cgroup's storage");
    }
  }
  return {};
}

Result<void> Links::attachHook(size_t hook, WorkloadId workload, int cgroup_fd) {
  const auto path = paths_.links(workload) / kHooks[hook].name;
  const Fd link(bpf_link_create(programs_[hook], cgroup_fd, kHooks[hook].attach_type, nullptr));
  if (!link) {
    return Error::system(fmt::format("attach {}", kHooks[hook].name), errno,
                         "a program that was attached here or above without "
                         "BPF_F_ALLOW_MULTI keeps others away");
  }
  if (bpf_obj_pin(link.get(), path.c_str()) == 0) return {};
  return Error::system("pin " + path.string());
}

Result<void> Links::detach(WorkloadId workload) {
  waiting_.erase(workload);
  for (const auto& other : paths_.others()) SLUICE_TRY(removePins(other.links(workload)));
  return removePins(paths_.links(workload));
}

std::vector<WorkloadId> Links::attached() const {
  auto all = paths_.workloads();
  for (const auto& other : paths_.others())
    std::ranges::copy(other.workloads(), std::back_inserter(all));
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace sluice::loader
