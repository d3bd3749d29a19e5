// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace sluice::test {

namespace {

struct ProcessTimes {
  pid_t parent = 0;
  uint64_t ticks = 0;
};

/// Of /proc/PID/stat; nothing when the process has gone.
std::optional<ProcessTimes> timesOf(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name, in parentheses, may hold anything.
  std::istringstream rest(line.substr(line.rfind(')') + 1));
  std::string state, skipped;
  ProcessTimes times;
  uint64_t user = 0;
  uint64_t system = 0;
  rest >> state >> times.parent;
  for (int i = 0; i < 9; ++i) rest >> skipped;
  rest >> user >> system;
  times.ticks = user + system;
  return times;
}

std::set<pid_t> withChildren(const std::vector<pid_t>& processes) {
  const std::set<pid_t> parents(processes.begin(), processes.end());
  std::set<pid_t> all = parents;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto end = name.data() + name.size();
    if (std::from_chars(name.data(), end, pid).ptr != end) continue;
    const auto times = timesOf(pid);
    if (times && parents.contains(times->parent)) all.insert(pid);
  }
  return all;
}

}  // namespace

double cpuSeconds(const std::vector<pid_t>& processes) {
  uint64_t ticks = 0;
  for (const pid_t pid : withChildren(processes))
    if (const auto times = timesOf(pid)) ticks += times->ticks;
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

size_t residentKib(const std::vector<pid_t>& processes) {
  constexpr std::string_view kShare = "Pss:";
  size_t sum = 0;
  for (const pid_t pid : withChildren(processes)) {
    std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
    for (std::string line; std::getline(file, line);)
      if (line.starts_with(kShare)) sum += std::stoul(line.substr(kShare.size()));
  }
  return sum;
}

}  // namespace sluice::test
