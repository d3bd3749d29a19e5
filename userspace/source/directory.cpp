// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "userspace/base/fd.h"
#include "userspace/source/limits.h"

namespace sluice::source {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<void> refuseSpecialFile(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return Error::system("stat " + path);
  if (S_ISREG(status.st_mode)) return {};
  return Error(Error::Code::kInvalid, "read " + path + ": not a regular file");
}

Result<std::string> readAll(int fd, const std::string& path) {
  std::string text;
  constexpr size_t kStep = size_t{64} << 10;
  while (text.size() <= kMaxFileBytes) {
    const size_t before = text.size();
    text.resize(before + std::min(kStep, kMaxFileBytes + 1 - before));
    const ssize_t got = ::read(fd, text.data() + before, text.size() - before);
    if (got < 0 && errno != EINTR) return Error::system("read " + path);
    text.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) break;
  }
  return text;
}

Result<std::string> readFile(const std::string& path) {
  // O_NONBLOCK: a pipe of that name must not stop us.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return Error::system("open " + path);
  SLUICE_TRY(refuseSpecialFile(fd.get(), path));
  return readAll(fd.get(), path);
}

Result<std::vector<std::string>> listConfigFiles(const std::string& directory) {
  const std::unique_ptr<DIR, CloseDirectory> stream(::opendir(directory.c_str()));
  if (!stream) return Error::system("open directory " + directory);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    if (isConfigName(entry->d_name)) names.emplace_back(entry->d_name);
    if (names.size() > kMaxFiles) {
      return Error(Error::Code::kExhausted,
                   fmt::format("read directory {}: more than {} files", directory, kMaxFiles),
                   "put several resources into one file");
    }
    errno = 0;
  }
  if (errno != 0) return Error::system("read directory " + directory);
  std::ranges::sort(names);
  return names;
}

}  // namespace

bool isConfigName(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

SourceFile readSourceFile(const std::string& path) {
  SourceFile file{path, {}, {}};
  auto text = readFile(path);
  if (text.ok()) {
    file.text = *std::move(text);
  } else {
    file.unreadable = std::move(text).error();
  }
  return file;
}

namespace {

SourceFile beyondTheDirectory(const std::string& path) {
  return {path,
          {},
          Error(Error::Code::kExhausted,
                fmt::format("read {}: this and the files before it have more than {} MiB", path,
                            kMaxDirectoryBytes >> 20),
                "remove what is not needed")};
}

}  // namespace

Result<std::vector<SourceFile>> readDirectory(const std::string& directory) {
  auto names = listConfigFiles(directory);
  if (!names.ok()) return std::move(names).error();
  std::vector<SourceFile> files;
  size_t bytes = 0;
  for (const std::string& name : *names) {
    SourceFile file = readSourceFile(directory + "/" + name);
    bytes += file.text.size();
    if (bytes > kMaxDirectoryBytes) file = beyondTheDirectory(file.name);
    // Removed since it was listed: as if it had not been listed.
    if (file.unreadable && file.unreadable->errnum() == ENOENT) continue;
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace sluice::source
