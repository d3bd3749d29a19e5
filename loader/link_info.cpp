// SPDX-License-Identifier: Apache-2.0
#include "loader/link_info.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <vector>

#include "userspace/base/fd.h"

namespace sluice::loader {
namespace {

constexpr uint32_t kMapsPerProgram = 64;  // the kernel's MAX_USED_MAPS

}  // namespace

Result<bpf_link_info> linkInfo(int link) {
  bpf_link_info info{};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(link, &info, &size) != 0) return Error::system("inspect a link");
  return info;
}

Result<bpf_map_info> mapInfo(int map) {
  bpf_map_info info{};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(map, &info, &size) != 0) return Error::system("inspect a map");
  return info;
}

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

bool isGone(int link) {
  const auto info = linkInfo(link);
  return info.ok() && info->cgroup.cgroup_id == 0;
}

Result<void> checkStorage(int link_fd, int storage_map) {
  const auto link = linkInfo(link_fd);
  if (!link) return link.error();
  const auto storage = mapInfo(storage_map);
  if (!storage) return storage.error();
  const auto maps = mapsOf(link->prog_id);
  if (!maps) return maps.error();
  if (std::ranges::find(*maps, storage->id) != maps->end()) return {};
  return Error(Error::Code::kUnsupported, "the attached program uses another cgroup storage",
               "remove the old programs with `sluiced uninstall` and start again");
}

}  // namespace sluice::loader
