// SPDX-License-Identifier: Apache-2.0
#include "loader/other_programs.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <vector>

#include "loader/hooks.h"
#include "loader/link_info.h"
#include "userspace/base/fd.h"
#include "userspace/model/codes.h"

namespace sluice::loader {
namespace {

/// The kernel's BPF_CGROUP_MAX_PROGS.
constexpr uint32_t kMostPrograms = 64;
constexpr size_t kMostLevels = 64;

/// Programs by what their names begin with. The kernel keeps 15 characters of a name.
struct KnownProgram {
  std::string_view prefix;
  const char* code;
};

/// Cilium: bpf/bpf_sock.c (until 1.11 without "cil_"). Calico: felix/bpf-gpl/connect_balancer*.c,
/// and until 3.13 cali_ctlb_v4.
constexpr std::array kKnown{
    KnownProgram{"cil_sock", code::kCiliumSocketLb},
    KnownProgram{"sock4_connect", code::kCiliumSocketLb},
    KnownProgram{"sock6_connect", code::kCiliumSocketLb},
    KnownProgram{"calico_connect", code::kCalicoConnectTime},
    KnownProgram{"cali_ctlb", code::kCalicoConnectTime},
};

const char* codeOf(std::string_view name) {
  const auto* known = std::ranges::find_if(
      kKnown, [&](const KnownProgram& program) { return name.starts_with(program.prefix); });
  return known == kKnown.end() ? code::kOtherProgram : known->code;
}

/// What is attached to one hook of a cgroup.
struct Attached {
  std::vector<uint32_t> programs;
  bool shares = true;  ///< others may be attached beside and below, and all run
};

Attached attachedTo(int cgroup, bpf_attach_type type, uint32_t query_flags) {
  Attached found;
  found.programs.resize(kMostPrograms);
  uint32_t count = kMostPrograms;
  uint32_t flags = 0;
  if (bpf_prog_query(cgroup, type, query_flags, &flags, found.programs.data(), &count) != 0)
    count = 0;
  found.programs.resize(std::min(count, kMostPrograms));
  found.shares = (flags & BPF_F_ALLOW_MULTI) != 0;
  return found;
}

bool isCgroup(int directory) {
  struct statfs fs{};
  return ::fstatfs(directory, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/// The cgroups above, the nearest first.
std::vector<Fd> ancestorsOf(int cgroup) {
  std::vector<Fd> all;
  for (int below = cgroup; all.size() < kMostLevels; below = all.back().get()) {
    Fd above(::openat(below, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!above || !isCgroup(above.get())) break;
    all.push_back(std::move(above));
  }
  return all;
}

/// Those of one hook that have it for themselves: the kernel lets nothing be attached below a
/// program without flags, and what is attached below one with BPF_F_ALLOW_OVERRIDE replaces it.
/// (kernel/bpf/cgroup.c: hierarchy_allows_attach, compute_effective_progs)
std::set<uint32_t> exclusiveOn(int cgroup, const std::vector<Fd>& above, bpf_attach_type type) {
  std::set<uint32_t> programs;
  const auto look = [&](int level) {
    const auto found = attachedTo(level, type, 0);
    if (!found.shares) programs.insert(found.programs.begin(), found.programs.end());
  };
  look(cgroup);
  for (const auto& level : above) look(level.get());
  return programs;
}

/// Empty when the program is gone or cannot be looked at, and when it is ours.
std::string nameOfOther(uint32_t program_id, uint32_t our_map) {
  const auto maps = mapsOf(program_id);
  if (!maps || std::ranges::find(*maps, our_map) != maps->end()) return {};
  const Fd program(bpf_prog_get_fd_by_id(program_id));
  bpf_prog_info info{};
  uint32_t size = sizeof(info);
  if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) return {};
  return info.name[0] == '\0' ? "unnamed" : info.name;
}

}  // namespace

Neighbours otherPrograms(int cgroup_fd, uint32_t storage_map_id) {
  Neighbours neighbours;
  const auto above = ancestorsOf(cgroup_fd);
  for (const auto& hook : kHooks) {
    const auto exclusive = exclusiveOn(cgroup_fd, above, hook.attach_type);
    const auto running = attachedTo(cgroup_fd, hook.attach_type, BPF_F_QUERY_EFFECTIVE);
    std::set<uint32_t> programs(running.programs.begin(), running.programs.end());
    programs.insert(exclusive.begin(), exclusive.end());
    for (const auto id : programs) {
      const auto name = nameOfOther(id, storage_map_id);
      if (name.empty()) continue;
      const auto who = fmt::format("{} (id {}, {})", name, id, hook.name);
      addNeighbour(neighbours, codeOf(name), who);
      if (exclusive.contains(id)) addNeighbour(neighbours, code::kExclusiveProgram, who);
    }
  }
  return neighbours;
}

}  // namespace sluice::loader
