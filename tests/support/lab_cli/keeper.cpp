// SPDX-License-Identifier: Apache-2.0
#include "tests/support/lab_cli/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>

#include "tests/support/lab_cli/state.h"
#include "tests/support/topology.h"

namespace sluice::test {
namespace {

constexpr int kLongestStopMilliseconds = 30'000;

/// Away from the terminal and from whoever reads the output of the command.
void detach() {
  setsid();
  Fd nothing(open("/dev/null", O_RDWR));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing.get(), fd);
}

/// Readable when somebody asks the keeper to stop.
Result<Fd> stopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  Fd fd(signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd) return Error::system("receive signals");
  return fd;
}

/// Readable when the process has ended.
Fd watch(pid_t pid) { return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

void report(const Fd& to, const std::string& text) {
  if (write(to.get(), text.data(), text.size()) < 0) _exit(1);
}

Result<void> keep(const std::filesystem::path& directory, pid_t owner, Fd& ready) {
  Fd owner_fd;
  if (owner != 0) owner_fd = watch(owner);
  if (owner != 0 && !owner_fd) return Error::system("watch process " + std::to_string(owner));
  auto topology = Topology::start();
  if (!topology) return std::move(topology).error();
  // Only now: the servers inherit the mask.
  auto stop = stopSignals();
  if (!stop) return std::move(stop).error();
  SLUICE_TRY(saveState(directory, stateOf(topology->lab())));
  report(ready, "ready");
  ready.reset();
  std::array<pollfd, 2> fds{{{stop->get(), POLLIN, 0}, {owner_fd.get(), POLLIN, 0}}};
  while (poll(fds.data(), fds.size(), -1) <= 0) {
  }
  removeState(directory);
  return {};
}

}  // namespace

Result<void> startKeeper(const std::filesystem::path& directory, pid_t owner) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return Error::system("make " + directory.string(), error.value());
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error::system("make a pipe");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return Error::system("fork");
  if (pid == 0) {
    read_end.reset();
    detach();
    auto kept = keep(directory, owner, write_end);
    if (!kept) report(write_end, kept.error().message());
    _exit(kept ? 0 : 1);
  }
  write_end.reset();
  std::array<char, 1024> text{};
  const ssize_t count = read(read_end.get(), text.data(), text.size());
  const std::string said(text.data(), static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (said == "ready") return {};
  return Error(Error::Code::kSystem, said.empty() ? "the lab ended before it was ready" : said);
}

Result<void> stopKeeper(const std::filesystem::path& directory) {
  auto state = loadState(directory);
  if (!state) return std::move(state).error();
  Fd pidfd = watch(state->keeper);
  removeState(directory);
  if (!pidfd) return {};
  if (kill(state->keeper, SIGTERM) != 0) return Error::system("stop the lab");
  pollfd poll_fd{pidfd.get(), POLLIN, 0};
  if (poll(&poll_fd, 1, kLongestStopMilliseconds) <= 0)
    return Error(Error::Code::kUnavailable, "the lab does not stop");
  return {};
}

}  // namespace sluice::test
