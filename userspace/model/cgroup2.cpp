// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/cgroup2.h"

#include <charconv>
#include <fstream>
#include <sstream>

#include "userspace/model/codes.h"

namespace sluice {
namespace {

/// A line of mountinfo: "36 35 98:0 /root /mount shared:1 - cgroup2 source super" (proc(5)).
struct Mount {
  std::string root;   ///< of the file system, "/" unless it is a bind mount of a part
  std::string point;  ///< with its escapes
  std::string type;
};

Mount mountIn(const std::string& line) {
  std::istringstream fields(line);
  Mount mount;
  std::string id, parent, device, field;
  fields >> id >> parent >> device >> mount.root >> mount.point;
  while (fields >> field && field != "-") {
  }
  fields >> mount.type;
  return mount;
}

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

Error isMissing(bool has_version1) {
  if (!has_version1)
    return Error(Error::Code::kUnsupported, "no cgroup2 hierarchy is mounted",
                 "mount -t cgroup2 none /sys/fs/cgroup");
  const auto& kind = *findCode(code::kNoCgroup2);
  return Error(Error::Code::kUnsupported, std::string(kind.code) + ": " + std::string(kind.says),
               std::string(kind.remedy));
}

}  // namespace

Result<std::string> cgroup2MountIn(const std::string& mountinfo) {
  std::istringstream lines(mountinfo);
  bool has_version1 = false;
  for (std::string line; std::getline(lines, line);) {
    const auto mount = mountIn(line);
    if (mount.type == "cgroup2" && mount.root == "/") return unescape(mount.point);
    has_version1 |= mount.type == "cgroup";
  }
  return isMissing(has_version1);
}

Result<std::string> findCgroup2Mount() {
  std::ifstream file("/proc/self/mountinfo");
  if (!file) return Error::system("open /proc/self/mountinfo");
  std::ostringstream text;
  text << file.rdbuf();
  return cgroup2MountIn(text.str());
}

}  // namespace sluice
