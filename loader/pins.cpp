// SPDX-License-Identifier: Apache-2.0
#include "loader/pins.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <charconv>

namespace sluice::loader {

namespace fs = std::filesystem;

namespace {

constexpr size_t kIdDigits = 16;

/// Of the whole text.
template <typename Number>
std::optional<Number> parseNumber(const std::string& text, int base) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  if (parsed.ptr != end || parsed.ec != std::errc()) return {};
  return number;
}

fs::path nearestExisting(fs::path path) {
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path;
}

/// Unlinking a link's pin detaches it some time later, in a work queue; this does it now.
void detachIfLink(const fs::path& path) {
  const Fd link(bpf_obj_get(path.c_str()));
  // Fails for what is no link, and that is fine: then the pin is all there is to remove.
  if (link) bpf_link_detach(link.get());
}

Result<void> removeFile(const fs::path& path) {
  detachIfLink(path);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return Error::system("remove " + path.string());
}

Result<void> removeDirectory(const fs::path& path) {
  auto entries = listDirectory(path);
  if (!entries) return std::move(entries).error();
  // Nothing may be steered any more when the hooks go that a steered connection relies on.
  std::stable_partition(entries->begin(), entries->end(), [](const fs::path& entry) {
    return entry.filename().string().starts_with("connect");
  });
  for (const auto& entry : *entries) SLUICE_TRY(removePins(entry));
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
  return Error::system("remove " + path.string());
}

}  // namespace

fs::path PinPaths::schema() const { return root_ / std::to_string(schema_); }

std::vector<PinPaths> PinPaths::others() const {
  std::vector<PinPaths> found;
  const auto entries = listDirectory(root_);
  if (!entries) return found;
  for (const auto& entry : *entries)
    if (const auto number = parseNumber<uint32_t>(entry.filename().string(), 10);
        number && *number != schema_)
      found.emplace_back(root_, *number);
  std::ranges::sort(found, std::greater(), &PinPaths::schema_);
  return found;
}

std::vector<WorkloadId> PinPaths::workloads() const {
  std::vector<WorkloadId> found;
  const auto directories = listDirectory(links());
  if (!directories) return found;
  for (const auto& directory : *directories)
    if (const auto id = workloadOf(directory)) found.push_back(*id);
  return found;
}

fs::path PinPaths::links(WorkloadId workload) const {
  return links() / fmt::format("{:016x}", workload.value);
}

std::optional<WorkloadId> PinPaths::workloadOf(const fs::path& directory) {
  const auto name = directory.filename().string();
  const auto id = name.size() == kIdDigits ? parseNumber<uint64_t>(name, 16) : std::nullopt;
  return id ? std::optional(WorkloadId{*id}) : std::nullopt;
}

Result<void> checkBpffs(const fs::path& root) {
  const auto existing = nearestExisting(root);
  struct statfs info{};
  if (::statfs(existing.c_str(), &info) != 0) return Error::system("statfs " + existing.string());
  if (info.f_type == BPF_FS_MAGIC) return {};
  return Error(Error::Code::kUnsupported, root.string() + " is not on a bpffs",
               "mount -t bpf bpf /sys/fs/bpf");
}

Result<Fd> lockPins(const fs::path& root) {
  SLUICE_TRY(makeDirectory(root));
  Fd directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return Error::system("open " + root.string());
  if (::flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return directory;
  if (errno != EWOULDBLOCK) return Error::system("lock " + root.string());
  return Error(Error::Code::kUnavailable, "another sluiced uses " + root.string(),
               "stop it, or give this one another pin directory");
}

Result<Fd> givenLock(Fd lock, const fs::path& root) {
  struct stat given{}, there{};
  if (::fstat(lock.get(), &given) != 0) return Error::system("look at the lock");
  if (::stat(root.c_str(), &there) != 0) return Error::system("look at " + root.string());
  if (given.st_dev == there.st_dev && given.st_ino == there.st_ino) return lock;
  return Error(Error::Code::kInvalid,
               "the other sluiced has its pins elsewhere than " + root.string(),
               "give this one the same --pin-root, on the same bpffs");
}

Result<void> makeDirectory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return Error::system("mkdir " + path.string());
}

Result<std::vector<fs::path>> listDirectory(const fs::path& path) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Error::system("list " + path.string(), error.value());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

Result<void> removePins(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(fs::symlink_status(path, error))) return removeDirectory(path);
  return removeFile(path);
}

}  // namespace sluice::loader
