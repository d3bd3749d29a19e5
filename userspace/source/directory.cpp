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

/// A regular file, and its status before anything is read of it.
Result<Fd> openFile(const std::string& path, struct stat& status) {
  // O_NONBLOCK: a pipe of that name must not stop us.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return Error::system("open " + path);
  if (::fstat(fd.get(), &status) != 0) return Error::system("stat " + path);
  if (S_ISREG(status.st_mode)) return fd;
  return Error(Error::Code::kInvalid, "read " + path + ": not a regular file");
}

SourceFile unreadable(const std::string& path, Error why) {
  return {.name = path, .text = {}, .unreadable = std::move(why)};
}

SourceFile beyondTheDirectory(const std::string& path) {
  return unreadable(
      path, Error(Error::Code::kExhausted,
                  fmt::format("read {}: this and the files before it have more than {} MiB", path,
                              kMaxDirectoryBytes >> 20),
                  "remove what is not needed"));
}

SourceFile readFile(const std::string& path, struct stat& status) {
  const auto fd = openFile(path, status);
  if (!fd.ok()) return unreadable(path, fd.error());
  auto text = readAll(fd->get(), path);
  if (!text.ok()) return unreadable(path, std::move(text).error());
  return {.name = path, .text = *std::move(text), .unreadable = {}};
}

int64_t nanosecondsOf(const timespec& time) {
  constexpr int64_t kInASecond = 1'000'000'000;
  return time.tv_sec * kInASecond + time.tv_nsec;
}

int64_t nowNs() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanosecondsOf(now);
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
  struct stat status{};
  return readFile(path, status);
}

DirectoryReader::Stamp DirectoryReader::Stamp::of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, nanosecondsOf(status.st_mtim),
          nanosecondsOf(status.st_ctim)};
}

SourceFile DirectoryReader::readUnlessKnown(const std::string& path, const Stamps& last) {
  const int64_t now_ns = nowNs();
  struct stat status{};
  const auto known = last.find(path);
  if (known != last.end() && ::stat(path.c_str(), &status) == 0 &&
      known->second == Stamp::of(status)) {
    read_.insert(*known);
    return {.name = path, .text = {}, .unreadable = {}, .unchanged = true};
  }
  auto file = readFile(path, status);
  if (!file.unreadable) note(path, status, now_ns);
  return file;
}

/// It was read after `now_ns`, and had that status before: a later change shows.
void DirectoryReader::note(const std::string& path, const struct stat& status, int64_t now_ns) {
  const auto stamp = Stamp::of(status);
  if (Duration(now_ns - stamp.changed_ns) >= settled_) read_.emplace(path, stamp);
}

size_t DirectoryReader::sizeOf(const SourceFile& file) const {
  if (!file.unchanged) return file.text.size();
  return std::min<size_t>(static_cast<size_t>(read_.at(file.name).size), kMaxFileBytes + 1);
}

Result<std::vector<SourceFile>> DirectoryReader::read() {
  auto names = listConfigFiles(directory_);
  if (!names.ok()) return std::move(names).error();
  const auto last = std::exchange(read_, {});
  std::vector<SourceFile> files;
  size_t bytes = 0;
  for (const std::string& name : *names) {
    auto file = readUnlessKnown(directory_ + "/" + name, last);
    bytes += sizeOf(file);
    if (bytes > kMaxDirectoryBytes) {
      read_.erase(file.name);
      file = beyondTheDirectory(file.name);
    }
    // Removed since it was listed: as if it had not been listed.
    if (file.unreadable && file.unreadable->errnum() == ENOENT) continue;
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace sluice::source
