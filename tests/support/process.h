// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/place.h"
#include "userspace/base/clock.h"
#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::test {

using Arguments = std::vector<std::string>;

/// What a program left behind.
struct Finished {
  int status = 0;  ///< as a shell has it: 128 + signal for a killed one
  std::string out;
  std::string err;
};

/// A child process; killed and reaped when it goes. The kernel kills it when the thread that
/// started it ends, so nothing outlives a crashed test.
class Process {
 public:
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  Result<void> signal(int number);
  bool running() const;

  /// The exit status as in Finished; kUnavailable when it still runs after `longest`.
  Result<int> wait(Duration longest);

  /// The next line of standard output, without its end. Only of a program that was spawned with
  /// `Output::kPipe` or `kTalk`; fails when it ends first.
  Result<std::string> readLine(Duration longest);

  /// Adds the end of the line. Only of a program that was spawned with `Output::kTalk`.
  Result<void> writeLine(std::string_view line);

 private:
  friend class Launcher;
  Process(pid_t pid, Fd pidfd, Fd in, Fd out, Fd err);
  Result<Finished> finish(Duration longest);
  void reap();

  pid_t pid_ = -1;  ///< -1: moved from, or reaped
  int status_ = 0;
  Fd pidfd_;
  Fd in_;
  Fd out_;
  Fd err_;
  std::string unread_;
};

enum class Output {
  kInherit,
  kPipe,  ///< for readLine()
  kTalk,  ///< for readLine() and writeLine()
};

/// Starts `argv` (argv[0] is looked up in PATH), in `place` unless it is null.
Result<Process> spawn(const Place* place, const Arguments& argv, Output output = Output::kInherit);

/// The same, with both output streams in a file; its old content is lost.
Result<Process> spawnInto(const std::filesystem::path& file, const Place* place,
                          const Arguments& argv);

/// Runs `argv` to its end and keeps what it prints. kUnavailable after `longest`, and it is killed.
/// A status other than 0 is not an error here.
Result<Finished> run(const Place* place, const Arguments& argv,
                     Duration longest = std::chrono::minutes(2));

/// As run(), and a status other than 0 is an error that quotes what the program said.
Result<std::string> runChecked(const Arguments& argv);

/// A function at work in a child process; killed when this goes.
class Inside {
 public:
  using Body = std::function<Result<std::string>()>;

  /// Calls `body` in `place`. The child is a fork: `body` sees the caller's memory as it was, and
  /// changes of it are lost. kUnsupported beside other threads of the caller: whatever lock one of
  /// them holds just then, the allocator's for one, would be locked in the child for ever.
  static Result<Inside> start(const Place& place, const Body& body);

  bool running() const { return process_.running(); }

  /// What `body` returns; once.
  Result<std::string> wait(Duration longest = std::chrono::minutes(10));

 private:
  Inside(std::string place, Process process)
      : place_(std::move(place)), process_(std::move(process)) {}

  std::string place_;
  Process process_;
};

/// Starts it, and waits for it.
Result<std::string> inside(const Place& place, const Inside::Body& body);

}  // namespace sluice::test
