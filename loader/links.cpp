// SPDX-License-Identifier: Apache-2.0
#include "loader/links.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>

#include "loader/cgroup.h"
#include "maps/abi/types.h"
#include "userspace/base/log.h"

namespace sluice::loader {

namespace {

constexpr uint32_t kMapsPerProgram = 64;  // the kernel's MAX_USED_MAPS

Result<bpf_link_info> linkInfo(int link_fd) {
  bpf_link_info info{};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(link_fd, &info, &size) != 0) return Error::system("inspect a link");
  return info;
}

Result<bpf_map_info> mapInfo(int map_fd) {
  bpf_map_info info{};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(map_fd, &info, &size) != 0) return Error::system("inspect a map");
  return info;
}

/// Ids of the maps that a program uses.
Result<std::vector<uint32_t>> mapsOf(uint32_t program_id) {
  const Fd program(bpf_prog_get_fd_by_id(program_id));
  if (!program) return Error::system("open the attached program");
  std::vector<uint32_t> maps(kMapsPerProgram);
  bpf_prog_info info{};
  info.nr_map_ids = kMapsPerProgram;
  info.map_ids = reinterpret_cast<uintptr_t>(maps.data());
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) {
    return Error::system("inspect the attached program");
  }
  maps.resize(std::min(info.nr_map_ids, kMapsPerProgram));
  return maps;
}

Fd openPin(const std::filesystem::path& path) { return Fd(bpf_obj_get(path.c_str())); }

/// The cgroup is gone: nobody can run the programs any more.
bool isGone(int link_fd) {
  const auto info = linkInfo(link_fd);
  return info.ok() && info->cgroup.cgroup_id == 0;
}

}  // namespace

Links::Links(PinPaths paths, ProgramFds programs, int storage_map)
    : paths_(std::move(paths)), programs_(programs), storage_map_(storage_map) {}

/// Swapping a program keeps the cgroup storage of the link's first program; one that was compiled
/// for another map would read foreign kernel memory, and the kernel does not refuse it.
Result<void> Links::checkStorage(int link_fd) const {
  const auto link = linkInfo(link_fd);
  if (!link) return link.error();
  const auto storage = mapInfo(storage_map_);
  if (!storage) return storage.error();
  const auto maps = mapsOf(link->prog_id);
  if (!maps) return maps.error();
  if (std::find(maps->begin(), maps->end(), storage->id) != maps->end()) return {};
  return Error(Error::Code::kUnsupported, "the attached program uses another cgroup storage",
               "remove the old programs with `sluiced uninstall` and start again");
}

Result<void> Links::adopt() {
  for (const auto workload : attached()) {
    if (auto adopted = adoptWorkload(workload); !adopted) {
      return std::move(adopted).error().in(paths_.links(workload).string());
    }
  }
  return {};
}

Result<void> Links::adoptWorkload(WorkloadId workload) {
  std::array<Fd, kHooks.size()> links;
  for (size_t i = 0; i < kHooks.size(); ++i) {
    links[i] = openPin(paths_.links(workload) / kHooks[i].name);
    if (!links[i] || isGone(links[i].get())) return detach(workload);
  }
  for (const auto& link : links) SLUICE_TRY(checkStorage(link.get()));
  for (size_t i = 0; i < kHooks.size(); ++i) {
    if (bpf_link_update(links[i].get(), programs_[i], nullptr) == 0) continue;
    if (errno == ENOLINK) return detach(workload);
    return Error::system(fmt::format("swap program {}", kHooks[i].name));
  }
  return {};
}

bool Links::isAttachedTo(WorkloadId workload, uint64_t cgroup) const {
  return std::all_of(kHooks.begin(), kHooks.end(), [&](const Hook& hook) {
    const Fd link = openPin(paths_.links(workload) / hook.name);
    if (!link) return false;
    const auto info = linkInfo(link.get());
    return info.ok() && info->cgroup.cgroup_id == cgroup;
  });
}

Result<void> Links::attach(WorkloadId workload, int cgroup_fd) {
  const auto cgroup = cgroupId(cgroup_fd);
  if (!cgroup) return cgroup.error();
  if (isAttachedTo(workload, *cgroup)) return {};
  SLUICE_TRY(detach(workload));
  auto attached = attachHooks(workload, cgroup_fd, *cgroup);
  if (attached) return {};
  if (auto undone = detach(workload); !undone) {
    log::warn("{}: {}", paths_.links(workload).string(), undone.error().message());
  }
  return attached;
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

Result<void> Links::detach(WorkloadId workload) { return removePins(paths_.links(workload)); }

std::vector<WorkloadId> Links::attached() const {
  std::vector<WorkloadId> workloads;
  const auto directories = listDirectory(paths_.links());
  if (!directories) return workloads;
  for (const auto& directory : *directories) {
    if (const auto id = PinPaths::workloadOf(directory)) workloads.push_back(*id);
  }
  return workloads;
}

}  // namespace sluice::loader
