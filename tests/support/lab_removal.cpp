// SPDX-License-Identifier: Apache-2.0
#include "tests/support/lab_removal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <iostream>
#include <utility>

#include "tests/support/cgroup.h"

namespace sluice::test {
namespace fs = std::filesystem;
namespace {

Result<void> removeCgroups(const std::string& name) {
  auto mount = cgroup2Mount();
  if (!mount) return std::move(mount).error();
  return removeCgroup(*mount / name);
}

Result<void> removeNamespaces(const std::string& name) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/run/netns", error)) {
    if (!entry.path().filename().string().starts_with(name + "-")) continue;
    // EINVAL: the file is there, but nothing was mounted on it yet.
    if (umount2(entry.path().c_str(), MNT_DETACH) != 0 && errno != EINVAL)
      return Error::system("unmount " + entry.path().string());
    if (unlink(entry.path().c_str()) != 0) return Error::system("remove " + entry.path().string());
  }
  return {};
}

Result<void> removeFiles(const fs::path& directory) {
  const auto bpffs = directory / "bpf";
  if (umount2(bpffs.c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT)
    return Error::system("unmount " + bpffs.string());
  std::error_code error;
  fs::remove_all(directory, error);
  if (error) return Error::system("remove " + directory.string(), error.value());
  return {};
}

[[noreturn]] void clean(const std::string& lab, int alive, int lock) {
  // A terminal's Ctrl-C and a killed process group must not reach the janitor.
  setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_IGN);
  // Whoever reads our parent's output waits for its last copy to be closed.
  dup2(alive, STDIN_FILENO);
  dup2(lock, STDOUT_FILENO);
  close_range(STDERR_FILENO + 1, ~0U, 0);
  std::array<char, 1> byte{};
  while (read(STDIN_FILENO, byte.data(), byte.size()) > 0) {
  }
  auto removed = removeLab(lab);
  if (!removed) std::cerr << "lab " << lab << ": " << removed.error().message() << std::endl;
  _exit(removed ? 0 : 1);
}

}  // namespace

fs::path labsDirectory() { return "/run/sluice-lab"; }

Result<Fd> lockDirectory(const fs::path& directory) {
  Fd lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return Error::system("open " + directory.string());
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error(Error::Code::kExhausted, directory.string() + " is in use");
  return lock;
}

Result<void> removeLab(const std::string& name) {
  // Processes first: they hold the namespaces and may still write files. The directory last: while
  // it is there, the next lab tries again.
  SLUICE_TRY(removeCgroups(name));
  SLUICE_TRY(removeNamespaces(name));
  return removeFiles(labsDirectory() / name);
}

void removeAbandonedLabs() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(labsDirectory(), error)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("sluice-")) continue;
    auto lock = lockDirectory(entry.path());
    if (!lock) continue;
    if (auto removed = removeLab(name); !removed)
      std::cerr << "abandoned lab " << name << ": " << removed.error().message() << std::endl;
  }
}

Result<Janitor> Janitor::start(const std::string& lab, const Fd& lock) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error::system("make a pipe");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return Error::system("fork");
  if (pid == 0) {
    write_end.reset();
    clean(lab, read_end.get(), lock.get());
  }
  return Janitor(pid, std::move(write_end));
}

Janitor::Janitor(pid_t pid, Fd alive) : pid_(pid), alive_(std::move(alive)) {}

Janitor::Janitor(Janitor&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), alive_(std::move(other.alive_)) {}

Janitor::~Janitor() {
  if (pid_ < 0) return;
  alive_.reset();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace sluice::test
