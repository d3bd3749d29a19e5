// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "userspace/base/result.h"

namespace sluice::test {

/// Whose steps are counted, and at which one it dies.
struct Victim {
  pid_t process = 0;
  bool children = false;  ///< instead of it: each process that it starts from now on
  uint64_t at = 0;        ///< the first step is 1; 0: never, they are only counted
  std::string of;         ///< steps of this name alone are counted; "": all
};

/// Watches the steps of a running process by ptrace(2): the system calls by which it changes what
/// others can see, files, sockets, maps, processes. A step at which the process is killed is not
/// done any more.
///
/// The thread that makes it must stay; it has SIGCHLD blocked and calls go() for each one. When it
/// goes, everything that still lives runs on unwatched.
class Tracer {
 public:
  /// Takes hold of all threads of the process, and wakes it when it was stopped.
  static Result<Tracer> seize(const Victim& victim);

  /// Lets everything go on that has stopped at a step since the last call. True: the step has come
  /// and the process is killed.
  Result<bool> go();

  uint64_t steps() const { return steps_; }
  /// Name of the last step that was counted.
  const std::string& step() const { return step_; }

 private:
  explicit Tracer(const Victim& victim) : victim_(victim) {}
  Result<bool> stopped(pid_t thread, int status);
  bool countStep(pid_t thread);
  pid_t processOf(pid_t thread);

  Victim victim_;
  uint64_t steps_ = 0;
  std::string step_;
  std::map<pid_t, pid_t> processes_;  ///< by thread
};

}  // namespace sluice::test
