// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include "loader/libbpf_log.h"
#include "loader/links.h"
#include "loader/map_data_plane.h"
#include "loader/pins.h"
#include "loader/programs.h"
#include "maps/abi/types.h"

namespace sluice::loader {

namespace fs = std::filesystem;

namespace {

constexpr size_t kLogLines = 20;

/// `turns` is made anew with each load: where a round starts does not matter.
bool isPinned(const bpf_map* map, const Programs& skeleton) {
  return map != skeleton->maps.turns && !bpf_map__is_internal(map);
}

Result<void> pinMaps(const Programs& skeleton, const PinPaths& paths) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton->obj) {
    if (!isPinned(map, skeleton)) continue;
    const auto path =
        map == skeleton->maps.workload ? paths.workloadMap() : paths.schema() / bpf_map__name(map);
    if (const int failed = bpf_map__set_pin_path(map, path.c_str()); failed != 0) {
      return Error::system("set the pin of " + path.string(), -failed);
    }
  }
  return {};
}

/// libbpf compares as well, but says little.
Result<void> checkFrozenMap(const PinPaths& paths) {
  const Fd pinned(bpf_obj_get(paths.workloadMap().c_str()));
  if (!pinned && errno == ENOENT) return {};
  if (!pinned) return Error::system("open " + paths.workloadMap().string());
  bpf_map_info info{};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(pinned.get(), &info, &size) != 0) {
    return Error::system("inspect " + paths.workloadMap().string());
  }
  if (info.type == BPF_MAP_TYPE_CGROUP_STORAGE && info.key_size == sizeof(__u64) &&
      info.value_size == sizeof(workload_ref)) {
    return {};
  }
  return Error(Error::Code::kUnsupported,
               paths.workloadMap().string() + " is not the cgroup storage of Sluice",
               "remove the pin directory with `sluiced uninstall`");
}

Result<void> loadPrograms(const Programs& skeleton, const LibbpfLog& log) {
  const int failed = programs::load(skeleton.get());
  if (failed == 0) return {};
  return Error::system("load the programs", -failed,
                       "see `sluicectl check`; the kernel says:\n" + log.tail(kLogLines));
}

Result<void> makeDirectories(const PinPaths& paths) {
  SLUICE_TRY(makeDirectory(paths.schema()));
  return makeDirectory(paths.links());
}

/// Opened, loaded and pinned.
Result<Programs> preparePrograms(const Options& options, const PinPaths& paths) {
  const LibbpfLog log;
  SLUICE_TRY(makeDirectories(paths));
  SLUICE_TRY(checkFrozenMap(paths));
  auto skeleton = openPrograms(options.use_set_retval);
  if (!skeleton) return skeleton;
  SLUICE_TRY(pinMaps(*skeleton, paths));
  SLUICE_TRY(loadPrograms(*skeleton, log));
  return skeleton;
}

/// In the order of kHooks.
ProgramFds programFds(const Programs& skeleton) {
  ProgramFds fds{};
  for (size_t i = 0; i < kHooks.size(); ++i) {
    fds[i] = bpf_program__fd(
        bpf_object__find_program_by_name(skeleton->obj, std::string(kHooks[i].name).c_str()));
  }
  return fds;
}

/// In the order of tables.def.
std::vector<int> tableFds(const Programs& skeleton) {
  return {
#define TABLE(Name, bpf_name, Key, Value, entries) bpf_map__fd(skeleton->maps.bpf_name),
#include "maps/abi/tables.def"
#undef TABLE
  };
}

Result<std::unique_ptr<MapDataPlane>> openDataPlane(const std::vector<int>& map_fds) {
  std::vector<Fd> owned;
  for (const int fd : map_fds) {
    owned.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!owned.back()) return Error::system("duplicate a map's descriptor");
  }
  return MapDataPlane::create(std::move(owned));
}

}  // namespace

struct Kernel::State {
  Fd lock;
  Programs skeleton;
  std::unique_ptr<MapDataPlane> data_plane;
  Links links;
};

Kernel::Kernel(std::unique_ptr<State> state) : state_(std::move(state)) {}
Kernel::~Kernel() = default;

Result<std::unique_ptr<Kernel>> Kernel::load(const Options& options) {
  const PinPaths paths(options.pin_root);
  SLUICE_TRY(checkBpffs(paths.root()));
  auto lock = lockPins(paths.root());
  if (!lock) return std::move(lock).error();
  auto skeleton = preparePrograms(options, paths);
  if (!skeleton) return std::move(skeleton).error();
  auto data_plane = openDataPlane(tableFds(*skeleton));
  if (!data_plane) return std::move(data_plane).error();

  Links links(paths, programFds(*skeleton), bpf_map__fd((*skeleton)->maps.workload));
  SLUICE_TRY(links.adopt());
  auto state = std::make_unique<State>(
      State{*std::move(lock), *std::move(skeleton), *std::move(data_plane), std::move(links)});
  return std::unique_ptr<Kernel>(new Kernel(std::move(state)));
}

Result<void> Kernel::uninstall(const std::string& pin_root) {
  std::error_code error;
  if (!fs::exists(pin_root, error)) return {};
  SLUICE_TRY(checkBpffs(pin_root));
  const auto lock = lockPins(pin_root);
  if (!lock) return lock.error();
  return removePins(pin_root);
}

Result<void> Kernel::attach(WorkloadId workload, int cgroup_fd) {
  return state_->links.attach(workload, cgroup_fd);
}

Result<void> Kernel::detach(WorkloadId workload) { return state_->links.detach(workload); }

std::vector<WorkloadId> Kernel::attached() const { return state_->links.attached(); }

DataPlane& Kernel::dataPlane() { return *state_->data_plane; }

std::vector<int> Kernel::mapFds() const { return tableFds(state_->skeleton); }

}  // namespace sluice::loader
