// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::broker {

/// A started program. It is killed and reaped when this object goes, and by the kernel when the
/// thread that started it ends.
class ChildProcess {
 public:
  /// Runs argv[0], a path, with this process's environment, no signal blocked, in a process group
  /// of its own (a terminal's Ctrl-C is for the starter, who passes it on). `control` becomes
  /// kControlFd; besides it only 0, 1, 2 and what is not close-on-exec are inherited.
  /// Fails as execve() does when the program cannot be run.
  static Result<ChildProcess> start(const std::vector<std::string>& argv, Fd control);

  ChildProcess(ChildProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  /// Readable when the process has ended.
  int pidfd() const { return pidfd_.get(); }
  /// Does nothing when it has ended.
  void signal(int number) const;
  /// Waits for the end and tells how it came: "exit status 1", "signal 9 (Killed)".
  std::string reap();

 private:
  ChildProcess(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_;  ///< 0: reaped
  Fd pidfd_;
};

}  // namespace sluice::broker
