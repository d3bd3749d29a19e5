// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/directory_watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "userspace/source/directory.h"

namespace sluice::source {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                             IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::string withoutTrailingSlash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<std::unique_ptr<DirectoryWatch>> DirectoryWatch::create(Reactor& reactor,
                                                               const std::string& directory,
                                                               Changed changed, Timing timing) {
  std::error_code error;
  const fs::path absolute = fs::absolute(directory, error).lexically_normal();
  if (error) return Error::system("find directory " + directory, error.value());
  Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) {
    return Error::system("watch directory " + directory, errno,
                         "raise fs.inotify.max_user_instances");
  }
  const int fd = inotify.get();
  std::unique_ptr<DirectoryWatch> watch(new DirectoryWatch(reactor, std::move(inotify),
                                                           withoutTrailingSlash(absolute.string()),
                                                           std::move(changed), timing));
  SLUICE_TRY(reactor.add(fd, EPOLLIN, [raw = watch.get()](uint32_t) { raw->readEvents(); }));
  SLUICE_TRY(watch->watchEverything());
  return watch;
}

DirectoryWatch::DirectoryWatch(Reactor& reactor, Fd inotify, std::string directory, Changed changed,
                               Timing timing)
    : reactor_(reactor),
      inotify_(std::move(inotify)),
      directory_(std::move(directory)),
      reader_(directory_, timing.settled),
      changed_(std::move(changed)),
      timing_(timing) {}

DirectoryWatch::~DirectoryWatch() {
  reactor_.cancel(timer_);
  reactor_.remove(inotify_.get());
}

void DirectoryWatch::rescan() {
  reader_.forget();
  read();
}

void DirectoryWatch::read() {
  reactor_.cancel(std::exchange(timer_, 0));
  // First watch, then read: what happens between the two is read, and seen again at worst.
  if (auto watched = watchEverything(); !watched.ok()) changed_(std::move(watched).error());
  changed_(reader_.read());
}

void DirectoryWatch::readEvents() {
  alignas(inotify_event) std::array<char, 16384> buffer;
  bool concerned = false;
  while (true) {
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    concerned |= handleEvents(std::string_view(buffer.data(), static_cast<size_t>(got)));
  }
  if (concerned) schedule();
}

bool DirectoryWatch::handleEvents(std::string_view events) {
  bool concerned = false;
  while (events.size() >= sizeof(inotify_event)) {
    inotify_event event;
    std::memcpy(&event, events.data(), sizeof(event));
    const auto name = events.substr(sizeof(event), event.len);
    events.remove_prefix(sizeof(event) + event.len);
    // After an overflow nobody knows what has happened, so everything may have.
    if ((event.mask & IN_Q_OVERFLOW) != 0 ||
        concernsUs(event.wd, name.substr(0, name.find('\0')))) {
      concerned = true;
    }
  }
  return concerned;
}

bool DirectoryWatch::concernsUs(int watch, std::string_view name) const {
  const auto found = watches_.find(watch);
  // Late events of a watch that is gone were acted upon when it went.
  if (found == watches_.end()) return false;
  const Names& names = found->second;
  return names.empty() || name.empty() || names.contains(std::string(name));
}

void DirectoryWatch::schedule() {
  if (timer_ == 0) deadline_ = reactor_.now() + timing_.longest;
  reactor_.cancel(timer_);
  timer_ = reactor_.at(std::min(reactor_.now() + timing_.quiet, deadline_), [this] { read(); });
}

Result<void> DirectoryWatch::watchEverything() {
  watch_errors_.clear();
  std::map<int, Names> watches;
  watchAncestors(watches);
  watchDirectory(watches, directory_, {});
  watchLinkTargets(watches);
  for (const auto& [watch, names] : watches_) {
    if (!watches.contains(watch)) ::inotify_rm_watch(inotify_.get(), watch);
  }
  watches_ = std::move(watches);
  if (watch_errors_.empty()) return {};
  return watch_errors_.front();
}

/// The directory's own name in its parent, that in its own, and so on to the root: any of them
/// may be a symlink that is swapped, or go and come back.
void DirectoryWatch::watchAncestors(std::map<int, Names>& watches) {
  for (fs::path path = directory_; path.has_relative_path(); path = path.parent_path()) {
    watchDirectory(watches, path.parent_path().string(), {path.filename().string()});
  }
}

/// Where symlinked files really are. A ConfigMap's are reached through `..data`, whose swap is
/// seen in the directory itself.
void DirectoryWatch::watchLinkTargets(std::map<int, Names>& watches) {
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code failed;
    if (!entry->is_symlink(failed) || !isConfigName(entry->path().filename().string())) continue;
    const fs::path target = fs::canonical(entry->path(), failed);
    if (failed) continue;  // dangling: reading it says so
    watchDirectory(watches, target.parent_path().string(), {target.filename().string()});
  }
}

void DirectoryWatch::watchDirectory(std::map<int, Names>& watches, const std::string& path,
                                    Names names) {
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), kEvents);
  if (watch < 0) return noteFailure(path, errno);
  const auto [found, is_new] = watches.try_emplace(watch, names);
  if (is_new) return;
  if (names.empty() || found->second.empty()) {
    found->second.clear();
  } else {
    found->second.merge(names);
  }
}

/// What does not exist is noticed in its parent when it comes. What we may not read is somebody
/// else's directory on the way to ours, or is reported when ours is read.
void DirectoryWatch::noteFailure(const std::string& path, int errnum) {
  static constexpr std::array kExpected = {ENOENT, ENOTDIR, EACCES, ELOOP};
  if (std::ranges::count(kExpected, errnum) > 0) return;
  watch_errors_.push_back(
      Error::system("watch " + path, errnum, "raise fs.inotify.max_user_watches"));
}

}  // namespace sluice::source
