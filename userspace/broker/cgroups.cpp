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

#include "userspace/model/cgroup2.h"

namespace sluice::broker {

namespace {

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
  auto mount_point = findCgroup2Mount();
  if (!mount_point.ok()) return std::move(mount_point).error();
  Fd root(::open(mount_point->c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return Error::system(fmt::format("open {}", *mount_point));
  return Cgroups(*std::move(mount_point), std::move(root));
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
