// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "userspace/broker/protocol.h"

namespace sluice::broker {

namespace {

/// What the child needs between fork() and execv(), made before: it may not allocate then.
struct Launch {
  pid_t parent;
  char* const* argv;
  int control;
  int failure;  ///< where errno is written; closed by execv()
};

// Runs in the child. Only async-signal-safe calls.
[[noreturn]] void launch(const Launch& launch) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);
  // The parent may have died between fork() and here; then nobody would send the signal.
  const bool watched = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == launch.parent;
  if (watched && ::dup2(launch.control, kControlFd) == kControlFd) {
    ::execv(launch.argv[0], launch.argv);
  }
  const int why = errno;
  [[maybe_unused]] const auto written = ::write(launch.failure, &why, sizeof(why));
  ::_exit(127);
}

// dup2() onto kControlFd must find neither end there.
Result<Fd> aboveControl(int fd) {
  Fd moved(::fcntl(fd, F_DUPFD_CLOEXEC, kControlFd + 1));
  if (!moved) return Error::system("duplicate a descriptor for the agent");
  return moved;
}

Result<std::pair<Fd, Fd>> failurePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error::system("pipe");
  Fd read_end(ends[0]);
  const Fd write_end(ends[1]);
  auto moved = aboveControl(write_end.get());
  if (!moved.ok()) return std::move(moved).error();
  return std::pair(std::move(read_end), *std::move(moved));
}

std::vector<char*> pointersTo(const std::vector<std::string>& argv) {
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void reapQuietly(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// 0, or the errno that the child wrote instead of becoming the program.
int launchFailure(const Fd& pipe) {
  int why = 0;
  ssize_t size = 0;
  do size = ::read(pipe.get(), &why, sizeof(why));
  while (size < 0 && errno == EINTR);
  return size == sizeof(why) ? why : 0;
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& argv, Fd control) {
  auto pipe = failurePipe();
  if (!pipe.ok()) return std::move(pipe).error();
  const auto moved = aboveControl(control.get());
  if (!moved.ok()) return moved.error();
  const auto pointers = pointersTo(argv);
  const Launch plan{::getpid(), pointers.data(), moved->get(), pipe->second.get()};
  const pid_t pid = ::fork();
  if (pid < 0) return Error::system("fork");
  if (pid == 0) launch(plan);
  pipe->second.reset();
  // Not reaped yet, so that the number is still this child's.
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int pidfd_errno = errno;
  ChildProcess child(pid, std::move(pidfd));
  if (!child.pidfd_) return Error::system("pidfd_open", pidfd_errno);
  if (const int why = launchFailure(pipe->first); why != 0) {
    return Error::system(fmt::format("run {}", argv[0]), why);
  }
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  reapQuietly(pid_);
}

void ChildProcess::signal(int number) const {
  if (pid_ != 0) ::kill(pid_, number);
}

std::string ChildProcess::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  if (!WIFSIGNALED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  return fmt::format("signal {} ({})", WTERMSIG(status), ::sigdescr_np(WTERMSIG(status)));
}

}  // namespace sluice::broker
