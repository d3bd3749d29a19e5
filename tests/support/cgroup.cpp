// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <sstream>
#include <vector>

#include "tests/support/files.h"
#include "userspace/base/fd.h"

namespace sluice::test {
namespace fs = std::filesystem;
namespace {

constexpr auto kLongestKill = std::chrono::seconds(10);
constexpr int kRetryMilliseconds = 20;

/// Mount point of a line of mountinfo if its type is cgroup2 (proc(5): the type follows " - ").
std::string mountPointOfCgroup2(const std::string& line) {
  if (line.find(" - cgroup2 ") == std::string::npos) return {};
  std::istringstream fields(line);
  std::string id, parent, device, root, mount_point;
  fields >> id >> parent >> device >> root >> mount_point;
  return mount_point;
}

void killProcesses(const fs::path& directory) {
  auto text = readFile(directory / "cgroup.procs");
  if (!text) return;
  std::istringstream pids(*text);
  for (pid_t pid = 0; pids >> pid;)
    if (pid > 0) kill(pid, SIGKILL);
}

bool populated(const fs::path& directory) {
  auto events = readFile(directory / "cgroup.events");
  return events && events->find("populated 1") != std::string::npos;
}

/// The kernel signals a change of cgroup.events as POLLPRI.
void waitForChange(const fs::path& directory) {
  Fd events(open((directory / "cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  pollfd poll_fd{events.get(), POLLPRI, 0};
  poll(&poll_fd, 1, kRetryMilliseconds);
}

std::vector<fs::path> childrenFirst(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error))
    if (entry.is_directory(error)) found.push_back(entry.path());
  std::sort(found.begin(), found.end(), std::greater<>());
  found.push_back(directory);
  return found;
}

}  // namespace

Result<fs::path> cgroup2Mount() {
  auto mounts = readFile("/proc/self/mountinfo");
  if (!mounts) return std::move(mounts).error();
  std::istringstream lines(*mounts);
  for (std::string line; std::getline(lines, line);)
    if (auto mount_point = mountPointOfCgroup2(line); !mount_point.empty())
      return fs::path(mount_point);
  return Error(Error::Code::kUnsupported, "cgroup2 is mounted nowhere",
               "mount -t cgroup2 none /sys/fs/cgroup/unified");
}

Result<void> removeCgroup(const fs::path& directory) {
  if (!fs::exists(directory)) return {};
  const auto deadline = std::chrono::steady_clock::now() + kLongestKill;
  // Again and again: a process may fork between being listed and being killed.
  while (populated(directory) && std::chrono::steady_clock::now() < deadline) {
    for (const auto& cgroup : childrenFirst(directory)) killProcesses(cgroup);
    waitForChange(directory);
  }
  for (const auto& cgroup : childrenFirst(directory))
    if (rmdir(cgroup.c_str()) != 0) return Error::system("remove cgroup " + cgroup.string());
  return {};
}

}  // namespace sluice::test
