// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/cgroups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace sluice::broker {

namespace {

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

// proc(5): mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      result += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

// "36 35 98:0 /root /mount/point options [optional…] - type source options"
std::string mountPointOfType(const std::string& line, const std::string& type) {
  const auto fields = words(line);
  for (size_t i = 6; i + 1 < fields.size(); ++i) {
    if (fields[i] == "-") return fields[i + 1] == type ? unescape(fields[4]) : std::string();
  }
  return {};
}

// The line "0::/path" of /proc/self/cgroup is the cgroup2 hierarchy (cgroups(7)).
std::string ownCgroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return {};
}

// "//pods/./web/" is "pods/web"; the root is ".".
std::string relative(const std::string& path) {
  auto normal = std::filesystem::path(path).relative_path().lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  return normal.empty() ? "." : normal.string();
}

// Its own cgroup, or one above it.
bool holdsThisProcess(const std::string& relative_path) {
  if (relative_path == ".") return true;
  return (ownCgroup() + "/").starts_with("/" + relative_path + "/");
}

Result<Fd> openBeneath(int root, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  const auto fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how));
  if (fd < 0) return Error::system(fmt::format("open cgroup {}", path));
  return Fd(static_cast<int>(fd));
}

}  // namespace

Result<Cgroups> Cgroups::find() {
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    auto mount_point = mountPointOfType(line, "cgroup2");
    if (mount_point.empty()) continue;
    Fd root(::open(mount_point.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return Error::system(fmt::format("open {}", mount_point));
    return Cgroups(std::move(mount_point), std::move(root));
  }
  return Error(Error::Code::kUnsupported, "no cgroup2 file system is mounted",
               "mount one: mount -t cgroup2 none /sys/fs/cgroup/unified");
}

Result<Fd> Cgroups::open(const std::string& path) const {
  const auto below = relative(path);
  if (holdsThisProcess(below)) {
    return Error(Error::Code::kPermission, fmt::format("cgroup {} holds the broker itself", path),
                 "run sluiced in a cgroup of its own");
  }
  return openBeneath(root_.get(), below);
}

// What goes away meanwhile is left out.
std::set<uint64_t> cgroupIdsBelow(int cgroup) {
  namespace fs = std::filesystem;
  const auto add = [](const fs::path& directory, std::set<uint64_t>& ids) {
    struct stat status{};
    if (::stat(directory.c_str(), &status) == 0) ids.insert(status.st_ino);
  };
  const fs::path top = fmt::format("/proc/self/fd/{}/", cgroup);
  std::set<uint64_t> ids;
  add(top, ids);
  std::error_code error;
  for (fs::recursive_directory_iterator it(top, error), end; !error && it != end;
       it.increment(error))
    if (it->is_directory(error)) add(it->path(), ids);
  return ids;
}

}  // namespace sluice::broker
