// SPDX-License-Identifier: Apache-2.0
#include "loader/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <charconv>
#include <fstream>
#include <sstream>

namespace sluice::loader {

namespace {

/// proc(5): space, tab, newline and backslash are written as \ooo.
std::string unescape(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 4], code, 8).ptr == &text[i + 4]) {
      plain += static_cast<char>(code);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// "36 35 98:0 /root /mount options shared:1 - cgroup2 source super": the mount point of a whole
/// cgroup2 hierarchy, else empty. Bind mounts of a part of it have another root than "/".
std::string mountPointIn(const std::string& line) {
  std::istringstream fields(line);
  std::string id, parent, device, root, mount_point, field, type;
  fields >> id >> parent >> device >> root >> mount_point;
  while (fields >> field && field != "-") {
  }
  fields >> type;
  return type == "cgroup2" && root == "/" ? unescape(mount_point) : "";
}

}  // namespace

std::string cgroup2MountIn(const std::string& mountinfo) {
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    if (auto mount_point = mountPointIn(line); !mount_point.empty()) return mount_point;
  }
  return {};
}

Result<std::string> findCgroup2Mount() {
  std::ifstream file("/proc/self/mountinfo");
  if (!file) return Error::system("open /proc/self/mountinfo");
  std::ostringstream text;
  text << file.rdbuf();
  auto mount_point = cgroup2MountIn(text.str());
  if (mount_point.empty()) {
    return Error(Error::Code::kNotFound, "no cgroup2 hierarchy is mounted",
                 "mount -t cgroup2 none /sys/fs/cgroup/unified");
  }
  return mount_point;
}

Result<uint64_t> cgroupId(int cgroup_fd) {
  struct statfs fs{};
  if (::fstatfs(cgroup_fd, &fs) != 0) return Error::system("fstatfs of the cgroup");
  if (fs.f_type != CGROUP2_SUPER_MAGIC) {
    return Error(Error::Code::kInvalid, "the directory is no cgroup of the cgroup2 hierarchy");
  }
  struct stat info{};
  if (::fstat(cgroup_fd, &info) != 0) return Error::system("fstat of the cgroup");
  return info.st_ino;
}

}  // namespace sluice::loader
