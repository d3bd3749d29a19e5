// SPDX-License-Identifier: Apache-2.0
#include "loader/memory_limit.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "userspace/model/cgroup2.h"

namespace sluice::loader {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kNone = UINT64_MAX;

/// Where it is by custom; the kernel does not say.
constexpr const char* kMemory1 = "/sys/fs/cgroup/memory";

/// A number alone; "max", as all else, is none.
uint64_t limitIn(const fs::path& file) {
  std::ifstream stream(file);
  uint64_t limit = kNone;
  return stream >> limit ? limit : kNone;
}

/// One outside of the namespace of cgroups that this process is in ("/../x") is not in the mount.
bool isSeen(const fs::path& cgroup) {
  return std::ranges::find(cgroup, fs::path("..")) == cgroup.end();
}

/// Of version 2, whose limits hold for all below.
uint64_t leastAbove(const fs::path& mount, fs::path cgroup) {
  uint64_t least = limitIn(mount / "memory.max");
  if (!isSeen(cgroup)) return least;
  for (cgroup = cgroup.relative_path(); !cgroup.empty(); cgroup = cgroup.parent_path())
    least = std::min(least, limitIn(mount / cgroup / "memory.max"));
  return least;
}

/// Of version 1, where the kernel has done the same. In a container its own cgroup is the mount.
uint64_t leastIn(const fs::path& mount, const fs::path& cgroup) {
  std::ifstream stream(mount / cgroup.relative_path() / "memory.stat");
  if (!stream) stream.open(mount / "memory.stat");
  std::string field;
  for (uint64_t value = 0; stream >> field >> value;)
    if (field == "hierarchical_memory_limit") return value;
  return kNone;
}

bool hasMemory(const std::string& controllers) {
  std::istringstream stream(controllers);
  for (std::string name; std::getline(stream, name, ',');)
    if (name == "memory") return true;
  return false;
}

}  // namespace

uint64_t memoryLimit(const std::string& cgroups, const CgroupMounts& mounts) {
  uint64_t least = kNone;
  std::istringstream lines(cgroups);
  for (std::string line; std::getline(lines, line);) {
    // "4:memory:/path", of version 2 "0::/path" (cgroups(7)).
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    if (controllers.empty() && !mounts.version2.empty())
      least = std::min(least, leastAbove(mounts.version2, path));
    if (hasMemory(controllers) && !mounts.memory1.empty())
      least = std::min(least, leastIn(mounts.memory1, path));
  }
  return least;
}

uint64_t memoryLimit() {
  std::ifstream file("/proc/self/cgroup");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto version2 = findCgroup2Mount();
  return memoryLimit(text, {version2.ok() ? *version2 : "", kMemory1});
}

}  // namespace sluice::loader
