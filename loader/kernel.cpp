// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <atomic>
#include <random>

#include "loader/libbpf_log.h"
#include "loader/link_info.h"
#include "loader/links.h"
#include "loader/map_data_plane.h"
#include "loader/other_programs.h"
#include "loader/pins.h"
#include "loader/programs.h"
#include "maps/abi/types.h"
#include "maps/tables.hpp"
#include "userspace/base/duplicate.h"
#include "userspace/base/log.h"

namespace sluice::loader {

namespace fs = std::filesystem;

namespace {

constexpr size_t kLogLines = 20;

/// `turns` and `events` are made anew with each load: where a round starts does not matter, and
/// events have the layout of the programs that tell them.
bool isPinned(const bpf_map* map, const Programs& skeleton) {
  return map != skeleton->maps.turns && map != skeleton->maps.events && !bpf_map__is_internal(map);
}

fs::path pinOf(const bpf_map* map, const Programs& skeleton, const PinPaths& paths) {
  if (map == skeleton->maps.workload) return paths.workloadMap();
  if (map == skeleton->maps.conn_store) return paths.connectionMap();
  if (map == skeleton->maps.origdst) return paths.originMap();
  return paths.schema() / bpf_map__name(map);
}

Result<void> pinMaps(const Programs& skeleton, const PinPaths& paths) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton->obj) {
    if (!isPinned(map, skeleton)) continue;
    const auto path = pinOf(map, skeleton, paths);
    if (const int failed = bpf_map__set_pin_path(map, path.c_str()); failed != 0) {
      return Error::system("set the pin of " + path.string(), -failed);
    }
  }
  return {};
}

Result<void> setEntries(bpf_map* map, uint32_t entries) {
  const int failed = bpf_map__set_max_entries(map, entries);
  if (failed == 0) return {};
  return Error::system(fmt::format("size the map {}", bpf_map__name(map)), -failed);
}

Result<void> sizeMaps(const Programs& skeleton, const Capacity& capacity) {
#define TABLE(Name, bpf_name, Key, Value, entries) \
  SLUICE_TRY(setEntries(skeleton->maps.bpf_name, entriesOf(Table::k##Name, capacity)));
#include "maps/abi/tables.def"
#undef TABLE
  return {};
}

/// As many as there are clusters, also where those are pinned.
Result<void> sizeTurns(const Programs& skeleton) {
  return setEntries(skeleton->maps.turns, bpf_map__max_entries(skeleton->maps.clusters));
}

/// Capacity is given when a map is made: rules and counters are worth more than another size.
Result<void> keepPinnedSizes(const Programs& skeleton) {
  std::string kept;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton->obj) {
    const char* pin = bpf_map__pin_path(map);
    const Fd pinned(pin == nullptr ? -1 : bpf_obj_get(pin));
    if (!pinned) continue;  // there is none; what else is wrong loading will say
    const auto info = mapInfo(pinned.get());
    if (!info) return info.error();
    if (info->max_entries == bpf_map__max_entries(map)) continue;
    kept += fmt::format("{}{} {} instead of {}", kept.empty() ? "" : ", ", bpf_map__name(map),
                        info->max_entries, bpf_map__max_entries(map));
    SLUICE_TRY(setEntries(map, info->max_entries));
  }
  if (!kept.empty())
    log::warn("pinned maps keep their capacity until `sluiced uninstall`: {}", kept);
  return {};
}

/// A map that is the same for every schema.
struct FrozenMap {
  fs::path pin;
  const char* what;
  bpf_map_type type;
  uint32_t key_size, value_size;
};

/// libbpf compares as well, but says little.
Result<void> check(const FrozenMap& map) {
  const Fd pinned(bpf_obj_get(map.pin.c_str()));
  if (!pinned && errno == ENOENT) return {};
  if (!pinned) return Error::system("open " + map.pin.string());
  const auto info = mapInfo(pinned.get());
  if (!info) return info.error();
  if (info->type == map.type && info->key_size == map.key_size &&
      info->value_size == map.value_size) {
    return {};
  }
  return Error(Error::Code::kUnsupported, fmt::format("{} is not {}", map.pin.string(), map.what),
               "remove the pin directory with `sluiced uninstall`");
}

/// Schema 1 had the sockets' storage among its own maps.
Result<void> inheritConnections(const PinPaths& paths) {
  std::error_code ignored;
  if (fs::exists(paths.connectionMap(), ignored)) return {};
  const Fd old(bpf_obj_get((PinPaths(paths.root(), 1).schema() / "conn_store").c_str()));
  if (!old || bpf_obj_pin(old.get(), paths.connectionMap().c_str()) == 0) return {};
  return Error::system("pin " + paths.connectionMap().string());
}

Result<void> checkFrozenMaps(const PinPaths& paths) {
  SLUICE_TRY(inheritConnections(paths));
  SLUICE_TRY(check({paths.workloadMap(), "the cgroup storage of Sluice",
                    BPF_MAP_TYPE_CGROUP_STORAGE, sizeof(__u64), sizeof(workload_ref)}));
  SLUICE_TRY(check({paths.connectionMap(), "the socket storage of Sluice", BPF_MAP_TYPE_SK_STORAGE,
                    sizeof(int), sizeof(connection)}));
  return check({paths.originMap(), "the table of original destinations of Sluice",
                BPF_MAP_TYPE_HASH, sizeof(origdst_key), sizeof(origdst)});
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

/// Of the tables that are pinned, or of such as nobody has had before: a version that comes back
/// after another one has tables that know nothing of the connections that it had opened.
uint32_t editionOf(const PinPaths& paths, uint32_t schema) {
  const Fd pinned(bpf_obj_get((paths.schema() / "control").c_str()));
  const uint32_t key = 0;
  control record{};
  if (pinned && bpf_map_lookup_elem(pinned.get(), &key, &record) == 0 && record.edition != 0)
    return record.edition;
  return static_cast<uint32_t>(std::random_device{}()) << 8 | (schema & 0xff);
}

/// For who loads programs for these tables after us.
Result<void> noteEdition(const Programs& skeleton, DataPlane& tables) {
  auto* record = maps::View<Table::kControl>(tables).shared(0);
  if (record == nullptr) return Error(Error::Code::kUnavailable, "control: not mapped");
  std::atomic_ref(record->edition).store(skeleton->rodata->edition, std::memory_order_relaxed);
  return {};
}

/// Opened, loaded and pinned.
Result<Programs> preparePrograms(const Options& options, const PinPaths& paths) {
  const LibbpfLog log;
  SLUICE_TRY(makeDirectories(paths));
  SLUICE_TRY(checkFrozenMaps(paths));
  auto skeleton = openPrograms(options.use_set_retval, editionOf(paths, options.schema));
  if (!skeleton) return skeleton;
  SLUICE_TRY(sizeMaps(*skeleton, options.capacity));
  SLUICE_TRY(pinMaps(*skeleton, paths));
  SLUICE_TRY(keepPinnedSizes(*skeleton));
  SLUICE_TRY(sizeTurns(*skeleton));
  SLUICE_TRY(loadPrograms(*skeleton, log));
  return skeleton;
}

/// Another version removes them as soon as it has taken over the last workload.
Result<void> restorePins(const Programs& skeleton, const PinPaths& paths) {
  SLUICE_TRY(makeDirectories(paths));
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton->obj) {
    if (!isPinned(map, skeleton)) continue;
    const auto path = pinOf(map, skeleton, paths);
    if (bpf_obj_pin(bpf_map__fd(map), path.c_str()) != 0 && errno != EEXIST)
      return Error::system("pin " + path.string());
  }
  return {};
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
    auto copy = duplicate(fd, "a map's descriptor");
    if (!copy) return std::move(copy).error();
    owned.push_back(*std::move(copy));
  }
  return MapDataPlane::create(std::move(owned));
}

/// Records of an upgrade that was given up: its listeners are gone and its rules are old, so that
/// they must not pass for what takeOver() waits for.
Result<void> forgetRecords(const std::vector<WorkloadId>& workloads, DataPlane& data_plane) {
  maps::View<Table::kWorkloads> records(data_plane);
  for (const auto workload : workloads) {
    auto erased = records.erase(workload.value);
    if (!erased && erased.error().code() != Error::Code::kNotFound) return erased;
  }
  return {};
}

Result<void> adopt(Links& links, DataPlane& data_plane) {
  SLUICE_TRY(links.adopt());
  return forgetRecords(links.steeredByOthers(), data_plane);
}

}  // namespace

struct Kernel::State {
  PinPaths paths;
  Fd lock;
  Programs skeleton;
  std::unique_ptr<MapDataPlane> data_plane;
  Links links;
};

Kernel::Kernel(std::unique_ptr<State> state) : state_(std::move(state)) {}
Kernel::~Kernel() = default;

Result<std::unique_ptr<Kernel>> Kernel::load(const Options& options, Fd given_lock) {
  const PinPaths paths(options.pin_root, options.schema);
  SLUICE_TRY(checkBpffs(paths.root()));
  auto lock = given_lock ? givenLock(std::move(given_lock), paths.root()) : lockPins(paths.root());
  if (!lock) return std::move(lock).error();
  auto skeleton = preparePrograms(options, paths);
  if (!skeleton) return std::move(skeleton).error();
  auto data_plane = openDataPlane(tableFds(*skeleton));
  if (!data_plane) return std::move(data_plane).error();
  SLUICE_TRY(noteEdition(*skeleton, **data_plane));

  Links links(paths, programFds(*skeleton), bpf_map__fd((*skeleton)->maps.workload));
  SLUICE_TRY(adopt(links, **data_plane));
  auto state = std::make_unique<State>(State{paths, *std::move(lock), *std::move(skeleton),
                                             *std::move(data_plane), std::move(links)});
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

bool Kernel::isAttached(WorkloadId workload, int cgroup_fd) const {
  return state_->links.isAttached(workload, cgroup_fd);
}

Result<void> Kernel::detach(WorkloadId workload) { return state_->links.detach(workload); }

std::vector<WorkloadId> Kernel::attached() const { return state_->links.attached(); }

Neighbours Kernel::neighbours(int cgroup_fd) const {
  const auto storage = mapInfo(bpf_map__fd(state_->skeleton->maps.workload));
  return otherPrograms(cgroup_fd, storage.ok() ? storage->id : 0);
}

Result<void> Kernel::takeOver() {
  const maps::View<Table::kWorkloads> records(*state_->data_plane);
  Result<void> outcome;
  for (const auto workload : state_->links.waiting()) {
    if (!records.get(workload.value).ok()) continue;
    auto taken = state_->links.takeOver(workload);
    if (!taken && outcome)
      outcome = std::move(taken).error().in(fmt::format("workload {:016x}", workload.value));
  }
  SLUICE_TRY(state_->links.removeForgotten());
  return outcome;
}

bool Kernel::isTakingOver() const { return !state_->paths.others().empty(); }

int Kernel::lock() const { return state_->lock.get(); }

void Kernel::releaseLock() { state_->lock.reset(); }

Result<void> Kernel::takeBack() {
  SLUICE_TRY(restorePins(state_->skeleton, state_->paths));
  return adopt(state_->links, *state_->data_plane);
}

DataPlane& Kernel::dataPlane() { return *state_->data_plane; }

std::vector<int> Kernel::mapFds() const { return tableFds(state_->skeleton); }

int Kernel::events() const { return bpf_map__fd(state_->skeleton->maps.events); }

ConnectionStore Kernel::connectionStore() const {
  return {bpf_map__fd(state_->skeleton->maps.conn_store), state_->skeleton->rodata->edition};
}

}  // namespace sluice::loader
